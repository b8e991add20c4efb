"""Runs that end, and what is to be told of them."""

from ipaddress import ip_network
from typing import Any

from django.utils import timezone

from portal.accounts.models import User
from portal.notices.models import Delivery, Webhook
from portal.runs.models import ACTIVE, Run, Status
from tests import factories

HERE = [ip_network("127.0.0.0/8")]


def ended(owner: User, to: Status = Status.COMPLETED, *, reason: str = "All steps done", **values: Any) -> Run:
    run = factories.make_run(owner, status=Status.RUNNING, attempt=1, step=100)
    assert run.move(to, frm=ACTIVE, held_by=1, reason=reason, **values)
    return run


def overdue() -> None:
    """The pauses are over."""
    Delivery.objects.filter(due__isnull=False).update(due=timezone.now())
    Webhook.objects.update(rests_until=timezone.now())
