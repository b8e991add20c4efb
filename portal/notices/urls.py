"""Addresses of the account page's card about being told."""

from django.urls import path

from portal.notices import views

app_name = "notices"
urlpatterns = [
    path("account/mail/", views.mail, name="mail"),
    path("account/webhooks/", views.add, name="add"),
    path("account/webhooks/<uuid:webhook_id>/remove/", views.remove, name="remove"),
    path("account/webhooks/<uuid:webhook_id>/test/", views.test, name="test"),
]
