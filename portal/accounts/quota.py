"""What a person may use, and what they use now. Storage is refused at the door; runs at once are a rule of the queue."""

from typing import Any, TypedDict

from django.conf import settings
from django.db.models import Sum

from portal.datasets.models import Dataset
from portal.runs.models import Artifact, Run, Sample


class Amounts(TypedDict):
    storage_bytes: int
    running: int


class QuotaExceeded(Exception):
    """There is no room left; `str(error)` is a sentence for the user."""


def quota(user: Any) -> Amounts:
    """The person's own limits, or the installation's."""
    return {
        "storage_bytes": settings.GANVAS_QUOTA_BYTES if user.storage_quota is None else user.storage_quota,
        "running": settings.GANVAS_QUOTA_RUNNING if user.running_quota is None else user.running_quota,
    }


def usage(user: Any) -> Amounts:
    """Bytes of the person's datasets, sheets, checkpoints and weights; runs that a process holds now."""
    stored = (
        Dataset.objects.filter(owner=user).aggregate(total=Sum("bytes"))["total"],
        Sample.objects.filter(run__owner=user).aggregate(total=Sum("bytes"))["total"],
        Artifact.objects.filter(run__owner=user).aggregate(total=Sum("bytes"))["total"],
    )
    return {"storage_bytes": sum(total or 0 for total in stored), "running": Run.objects.filter(owner=user).active().count()}


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
