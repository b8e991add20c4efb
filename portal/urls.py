"""Addresses of the portal."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from portal import pages
from portal.docs import document, reference
from portal.health import health
from portal.runs import views as runs
from portal.runs.queue_page import queue

handler400 = "portal.errors.bad_request"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
admin.site.site_header = admin.site.site_title = "Ganvas"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one sign-in page, one rate limit

urlpatterns = [
    path("", runs.gallery, name="home"),
    path("gallery/", runs.gallery, name="gallery"),
    path("datasets/", include("portal.datasets.urls")),
    path("runs/", include("portal.runs.urls")),
    path("queue/", queue, name="queue"),
    path("", include("portal.accounts.urls")),
    path("", include("portal.notices.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("portal.api")),
    path("api/schema/", document, name="schema"),
    path("api/docs/", reference, name="api-docs"),
    path("admin/", admin.site.urls),
    path("help/", pages.help, name="help"),
    path("status/", pages.status, name="status"),
    path("health/", health, name="health"),
]
