"""Workers in the administration: to look. They come and go by themselves."""

from django.contrib import admin
from django.http import HttpRequest

from portal.workers.models import Worker


@admin.register(Worker)
class WorkerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["name", "pool", "device", "memory", "started", "seen"]
    readonly_fields = [field.name for field in Worker._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
