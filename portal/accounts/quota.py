"""What a person may use, and what they use now. Storage, waiting runs and device hours are refused at the door; runs at once, and device hours
that ran out meanwhile, are rules of the queue (`RunQuerySet.eligible`)."""

from typing import Any, TypedDict, cast

from django.conf import settings
from django.db.models import Count, Q, Sum

from portal import words
from portal.accounts.models import DeviceTime
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Run, Status


class Amounts(TypedDict):
    storage_bytes: int
    running: int
    queued: int
    device_hours: float | None
    """In 30 days. As a quota, None is as many as one likes."""


class QuotaExceeded(Exception):
    """There is no room left; `str(error)` is a sentence for the user."""


def quota(user: Any) -> Amounts:
    """The person's own limits, or the installation's."""
    return {
        "storage_bytes": settings.GANVAS_QUOTA_BYTES if user.storage_quota is None else user.storage_quota,
        "running": settings.GANVAS_QUOTA_RUNNING if user.running_quota is None else user.running_quota,
        "queued": settings.GANVAS_QUOTA_QUEUED if user.queued_quota is None else user.queued_quota,
        "device_hours": settings.GANVAS_QUOTA_DEVICE_HOURS if user.device_hours_quota is None else user.device_hours_quota,
    }


def usage(user: Any) -> Amounts:
    """Bytes of the person's datasets, sheets, checkpoints and weights; runs that a process holds now; runs that wait; hours of devices in 30 days."""
    waits, works = Q(status=Status.QUEUED), Q(status__in=ACTIVE)
    runs = Run.objects.filter(owner=user)
    counts = runs.aggregate(running=Count("status", filter=works), queued=Count("status", filter=waits), stored=Sum("stored", default=0))
    stored = Dataset.objects.filter(owner=user).aggregate(total=Sum("bytes", default=0))["total"] + counts.pop("stored")
    return cast(Amounts, {"storage_bytes": stored, **counts, "device_hours": device_hours(user)})


def device_hours(user: Any) -> float:
    """Hours of devices that the person's runs have used in the last 30 days, to the minute."""
    return float(DeviceTime.objects.filter(owner=user).in_quota().aggregate(total=Sum("seconds"))["total"] or 0) / 3600


def require_turn(user: Any) -> None:
    """Refuse when one more run may not wait.

    Raises:
        QuotaExceeded
    """
    allowed, waiting = quota(user)["queued"], Run.objects.filter(owner=user, status=Status.QUEUED).count()
    if waiting >= allowed:
        raise QuotaExceeded(f"Your queue is full: {words.counted(waiting, 'run')} of {allowed} wait. Let some start first, or stop some.")


def require_device_time(user: Any) -> None:
    """Refuse when the device hours of these 30 days are used up.

    Raises:
        QuotaExceeded
    """
    allowed = quota(user)["device_hours"]
    if allowed is not None and (used := device_hours(user)) >= allowed:
        raise QuotaExceeded(
            f"Your device time is used up: {used:.1f} of {allowed} hours in {DeviceTime.QUOTA_DAYS} days."
            " Launch again when days with much of it lie further back, or ask an administrator for more."
        )


def require_room(user: Any, more: int = 0) -> None:
    """Refuse when `more` bytes would not fit.

    Raises:
        QuotaExceeded
    """
    allowed, used = quota(user)["storage_bytes"], usage(user)["storage_bytes"]
    if used + more > allowed or used >= allowed:
        raise QuotaExceeded(
            f"Your storage is full: {_size(used)} of {_size(allowed)} are used"
            + (f", this would add {_size(more)}." if more else ".")
            + " Delete datasets or runs you no longer need."
        )


def _size(count: int) -> str:
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
