"""Addresses under /runs/."""

from django.urls import path, re_path

from portal.runs import checks, new, views

app_name = "runs"
urlpatterns = [
    path("new/", new.new, name="new"),
    path("new/check/", checks.check, name="check"),
    path("new/measure/", checks.measure, name="measure"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
    path("<uuid:pk>/favourites/", views.favour, name="favour"),
    path("<uuid:pk>/pins/", views.pin, name="pin"),
    path("<uuid:pk>/sample-class/", views.sample_class, name="sample-class"),
    re_path(r"^(?P<pk>[0-9a-f-]{36})/(?P<action>pause|resume|stop|retry|sample|hold|release|up|down)/$", views.act, name="act"),
]
