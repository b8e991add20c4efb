"""What people do with their webhooks: add one, have it tested, remove it. How what is sent gets its signature."""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import queue
from portal.accounts.models import User
from portal.notices import targets
from portal.notices.models import Delivery, Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
TEST_PAUSE = timedelta(seconds=5)
"""Between two tests of a webhook: enough to look at what came back, too little to bother anybody with."""


class NotNow(Exception):
    """It cannot be done at present; `str(error)` is a sentence for the user."""


def add(user: User, url: str) -> Webhook:
    """A new webhook; its secret is to be shown now and never again.

    Raises:
        targets.Refused: nothing may be sent there.
        NotNow: there are enough of them, or this one exists.
    """
    targets.judge(url)
    with transaction.atomic():
        user.lock()  # two at once must not both be the last one
        own = Webhook.objects.owned_by(user)
        if own.filter(url=url).exists():
            raise NotNow("You have this address already.")
        if own.count() >= Webhook.MOST:
            raise NotNow(f"You have {Webhook.MOST} webhooks, which is the most. Remove one first.")
        secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        return Webhook.objects.create(owner=user, url=url, secret=secret)


def test(webhook: Webhook) -> Delivery:
    """Send something now, once; what came back is in the delivery soon.

    Raises:
        NotNow: the last test is under way, or a moment ago.
    """
    with transaction.atomic():
        webhook.owner.lock()
        tests = Delivery.objects.filter(webhook=webhook, event=Delivery.Event.TEST)
        if tests.filter(due__isnull=False).exists() or tests.filter(created__gt=timezone.now() - TEST_PAUSE).exists():
            raise NotNow("A test was sent a moment ago. See below what came back.")
        told: dict[str, Any] = {"reason": "Somebody pressed the button", "actor": webhook.owner.username, "run": None}
        delivery = Delivery.objects.create(owner=webhook.owner, webhook=webhook, event=Delivery.Event.TEST, told=told)
        queue.deliver()
    return delivery


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` of HMAC-SHA256 over "id.timestamp.body" (Standard Webhooks 1.0), keyed with the bytes that the secret spells in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
