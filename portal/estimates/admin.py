"""Measurements in the administration: to look, and to delete those of devices that are gone."""

from django.contrib import admin
from django.http import HttpRequest

from portal.estimates.models import Estimate


@admin.register(Estimate)
class EstimateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["__str__", "device", "seconds_per_step", "memory_bytes", "available_bytes", "measured", "error"]
    readonly_fields = [field.name for field in Estimate._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
