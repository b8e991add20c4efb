"""Addresses under /datasets/."""

from django.urls import path

from portal.datasets import views

app_name = "datasets"
urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.new, name="new"),
    path("samples/<slug:name>/", views.sample, name="sample"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
    path("<uuid:pk>/skipped.csv", views.skipped_csv, name="skipped"),
]
