"""Webhooks and deliveries in the administration: to look and to delete. Secrets are their owners'."""

from django.contrib import admin
from django.http import HttpRequest

from portal.notices.models import Delivery, Webhook


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["url", "owner", "created"]
    list_select_related = ["owner"]
    fields = readonly_fields = ("id", "owner", "url", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["event", "owner", "webhook", "created", "attempts", "due", "delivered", "answer"]
    list_select_related = ["owner", "webhook"]
    readonly_fields = [field.name for field in Delivery._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
