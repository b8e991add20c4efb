"""Datasets in the administration: to look, and to change whom they belong to. They come and go by the pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.datasets.models import Dataset

CHANGEABLE = {"owner", "name", "description", "visibility"}


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["name", "owner", "visibility", "status", "image_count", "bytes", "created"]
    list_filter = ["status", "visibility"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    autocomplete_fields = ["owner"]
    readonly_fields = [field.name for field in Dataset._meta.fields if field.name not in CHANGEABLE]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Dataset | None = None) -> bool:
        return False  # here the files would stay behind

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        obj.change(request.user, **{name: form.cleaned_data[name] for name in form.changed_data})
