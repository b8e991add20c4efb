"""The trail in the administration: to look only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.trail.models import Deed


@admin.register(Deed)
class DeedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["created", "actor_name", "what", "kind", "name", "owner_name", "detail", "freed"]
    list_filter = ["kind", "created"]
    search_fields = ["name", "owner_name", "actor_name", "thing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
