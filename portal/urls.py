"""Addresses of the portal."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from portal.docs import reference
from portal.health import health

admin.site.site_header = admin.site.site_title = "Ganvas"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one sign-in page, one rate limit

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("portal.api")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", reference, name="api-docs"),
    path("admin/", admin.site.urls),
    path("health/", health, name="health"),
]

if find_spec("portal.datasets.pictures") and find_spec("portal.datasets.samples"):
    from portal import pages
    from portal.runs import views as runs

    urlpatterns += [
        path("", runs.gallery, name="home"),
        path("gallery/", runs.gallery, name="gallery"),
        path("datasets/", include("portal.datasets.urls")),
        path("runs/", include("portal.runs.urls")),
        path("", include("portal.accounts.urls")),
        path("help/", pages.help, name="help"),
        path("status/", pages.status, name="status"),
    ]
