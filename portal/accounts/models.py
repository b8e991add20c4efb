"""People, their API tokens, and the device time that their runs have used."""

import uuid
from datetime import date, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Case, F, Sum, Value, When
from django.utils import timezone
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox's manager has no type information
    """A person. Blank quotas mean the installation's defaults (`settings.GANVAS_QUOTA_*`)."""

    class Mail(models.TextChoices):
        """When a mail about the end of a run is wanted; never about what one has stopped oneself."""

        NEVER = "never", "Never"
        FAILURES = "failures", "When one fails"
        ALWAYS = "always", "Always"

    storage_quota = models.PositiveBigIntegerField("storage quota, bytes", null=True, blank=True)
    running_quota = models.PositiveIntegerField("runs at once", null=True, blank=True)
    queued_quota = models.PositiveIntegerField("waiting runs", null=True, blank=True)
    device_hours_quota = models.PositiveIntegerField("device hours in 30 days", null=True, blank=True)
    mail_when = models.CharField("mail when a run ends", max_length=8, choices=Mail.choices, default=Mail.NEVER)
    """Never, unless asked for: an address given at sign-up is nobody's wish to hear from us."""

    def lock(self) -> None:
        """Have nobody else change this person's part of the queue until the end of the transaction."""
        User.objects.select_for_update(no_key=True).get(pk=self.pk)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no type information
    """An API token; only its digest is stored. `id` names it in addresses, since the digest must not appear there."""

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]


class DeviceTimeQuerySet(models.QuerySet["DeviceTime"]):
    def add(self, owner_id: Any, seconds: float) -> None:
        """Count so many seconds more for today."""
        row, _ = self.get_or_create(owner_id=owner_id, day=timezone.now().date())
        self.filter(pk=row.pk).update(seconds=F("seconds") + seconds)

    def in_quota(self) -> Self:
        """Of the last 30 days, today included."""
        return self.filter(day__gt=days_ago(DeviceTime.QUOTA_DAYS))

    def totals(self) -> Any:
        """One row for each owner: `total`, the seconds."""
        return self.order_by().values("owner").annotate(total=Sum("seconds")).values("total")

    def faded_totals(self) -> Any:
        """One row for each owner: `total`, the seconds with what lies further back counting less: half as much for each week that has gone by."""
        weeks = range(1, DeviceTime.WEEKS + 1)
        weight = Case(*(When(day__gt=days_ago(7 * week), then=Value(0.5 ** (week - 1))) for week in weeks), default=Value(0.0))
        recent = self.filter(day__gt=days_ago(7 * DeviceTime.WEEKS)).order_by()
        return recent.values("owner").annotate(total=Sum(F("seconds") * weight)).values("total")


class DeviceTime(models.Model):
    """For how long a person's runs have kept devices on one day.

    A noun of its own because it outlives what it counts: runs may be deleted, but what they have used has been used. Quotas and fair shares read
    it. Days, so that a month is thirty rows, however many runs there were.
    """

    QUOTA_DAYS = 30
    WEEKS = 4
    """That fair shares look back."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="device_time")
    day = models.DateField()
    """In UTC."""
    seconds = models.FloatField(default=0)
    """Of a device: a run that keeps four devices for a second counts four."""

    objects = DeviceTimeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "day"], name="a_row_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.seconds / 3600:.1f} h"


def days_ago(days: int) -> date:
    return timezone.now().date() - timedelta(days=days)
