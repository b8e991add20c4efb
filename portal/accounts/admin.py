"""People and their tokens in the administration."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from portal.accounts.models import ApiToken, User

QUOTAS = ["storage_quota", "running_quota", "queued_quota", "device_hours_quota"]


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["username", "email", "is_staff", "is_active", "last_login", *QUOTAS]
    fieldsets = [
        *(UserAdmin.fieldsets or ()),
        ("Quotas", {"fields": (*QUOTAS,), "description": "Blank takes the installation's default."}),
    ]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """To see and revoke; tokens are made by their owners only."""

    list_display = ["name", "user", "created", "expiry", "last_used"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = readonly_fields = ("id", "name", "user", "created", "expiry", "last_used")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
