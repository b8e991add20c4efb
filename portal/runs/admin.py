"""Runs in the administration: to look, and to change owner, place and visibility. Verbs are on the run's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.runs.models import Run, Transition

CHANGEABLE = {"owner", "name", "visibility", "priority"}


class TransitionInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Transition
    fk_name = "run"
    extra = 0
    fields = readonly_fields = ("created", "frm", "to", "actor_name", "worker", "reason", "detail", "step")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["name", "owner", "dataset", "visibility", "status", "step", "total_steps", "worker", "created"]
    list_filter = ["status", "visibility", "recipe"]
    list_select_related = ["owner", "dataset"]
    search_fields = ["name", "owner__username", "dataset__name"]
    autocomplete_fields = ["owner"]
    readonly_fields = [field.name for field in Run._meta.fields if field.name not in CHANGEABLE]
    inlines = [TransitionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False  # here the files would stay behind

    def save_model(self, request: HttpRequest, obj: Run, form: Any, change: bool) -> None:
        obj.change(request.user, **{name: form.cleaned_data[name] for name in form.changed_data})
