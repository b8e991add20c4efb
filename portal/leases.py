"""Leases are written and compared by one clock, the database's. A machine whose own clock jumps takes nobody's run, and keeps none for longer."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now


def lease() -> timedelta:
    """For how long something is held by whoever does not renew it."""
    return timedelta(seconds=settings.GANVAS_LEASE_SECONDS)


def lease_end() -> CombinedExpression:
    """Of a lease that begins with the statement in which this stands."""
    return Now() + lease()


def ended() -> Q:
    """Of rows with `lease_expires`: past, or further away than any lease can be, because the database's clock has been set back."""
    return Q(lease_expires__lt=Now()) | Q(lease_expires__gt=Now() + 2 * lease())
