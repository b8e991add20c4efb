"""Addresses of people's own pages; sign-in and passwords are allauth's."""

from django.urls import path

from portal.accounts import views

app_name = "people"
urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("account/", views.account, name="account"),
    path("account/tokens/", views.token, name="token"),
    path("account/tokens/<uuid:pk>/revoke/", views.revoke, name="revoke"),
    path("account/theme/", views.theme, name="theme"),
    path("account/keys/", views.keys, name="keys"),
]
