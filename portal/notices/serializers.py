"""The JSON forms of what tells people that a run has ended."""

from typing import Any

from rest_framework import serializers

from portal.accounts.models import User
from portal.notices.models import Delivery, Webhook
from portal.notices.targets import LONGEST


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = ["id", "url", "created"]


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown only now.")

    class Meta(WebhookSerializer.Meta):
        fields = ["id", "url", "created", "secret"]


class UrlSerializer(serializers.Serializer[Any]):
    """What `POST me/notices/webhooks/` takes."""

    url = serializers.CharField(max_length=LONGEST, help_text="Begins with https://. Private addresses are refused.")


class NoticesSerializer(serializers.Serializer[Any]):
    mail = serializers.ChoiceField(
        choices=User.Mail.choices,
        help_text="When you get a mail about the end of a run: `failures` are runs that fail or that somebody else stops. Never about what you stop.",
    )
    mail_address = serializers.EmailField(read_only=True, allow_null=True, help_text="The address you have confirmed; null if none.")
    mail_available = serializers.BooleanField(read_only=True, help_text="This installation sends mails.")
    webhooks = WebhookSerializer(many=True, read_only=True)
    most_webhooks = serializers.IntegerField(read_only=True)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """Something you were told, or are to be told."""

    webhook = serializers.UUIDField(source="webhook_id", allow_null=True, read_only=True, help_text="Null for a mail.")
    run = serializers.UUIDField(source="run_id", allow_null=True, read_only=True, help_text="Null for a test, or if it was deleted.")
    state = serializers.ChoiceField(choices=Delivery.State.choices, read_only=True)
    due = serializers.DateTimeField(read_only=True, allow_null=True, help_text="When it is tried next.")
    answer = serializers.CharField(read_only=True, help_text="What came back last, as a sentence.")

    class Meta:
        model = Delivery
        fields = ["id", "event", "webhook", "run", "state", "attempts", "created", "due", "delivered", "answer"]
