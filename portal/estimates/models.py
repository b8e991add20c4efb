"""What a dry run has measured of settings before anybody launches them: seconds of a step, memory.

A noun of its own because it is a measurement, not a cache: it belongs to settings and a device, to no run and no dataset, serves whoever
considers the same settings later, and nothing else could bring it back without measuring again. The pages ask for it by a row; a
worker on a training node claims the row, measures, and writes the figures into it.
"""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PATIENCE = timedelta(seconds=90)
"""How long an answer is waited for: longer than a dry run may take. A question that is older can be asked anew."""
AGAIN = timedelta(minutes=10)
"""Settings that could not be measured, or did not fit beside what else was going on, are not tried again before this time."""
VALID = timedelta(days=30)
"""Figures that are older are measured again when somebody asks: devices and versions change."""
FORGOTTEN = timedelta(days=1)
"""A question that nobody has answered is deleted after this time."""


class EstimateQuerySet(models.QuerySet["Estimate"]):
    def waiting(self) -> Self:
        """Asked, and nobody is at it; the first to be asked comes first. What is waited for in vain is left out."""
        return self.filter(begun=None, measured=None, asked__gt=timezone.now() - PATIENCE).order_by("asked", "pk")

    def valid(self) -> Self:
        return self.filter(measured__gt=timezone.now() - VALID)

    def claim(self) -> "Estimate | None":
        """The next question, taken by one conditional UPDATE; None if there is none."""
        while (found := self.waiting().first()) is not None:
            begun = timezone.now()
            if self.filter(pk=found.pk, begun=None, measured=None).update(begun=begun):
                found.begun = begun
                return found
        return None


class Estimate(models.Model):
    key = models.CharField(primary_key=True, max_length=64, editable=False)
    """Digest of the settings that decide speed and memory (see `portal.estimates.likeness`)."""
    config: Any = models.JSONField()
    """A complete TrainConfig as JSON: those settings, all others as usual."""
    classes = models.PositiveIntegerField(default=0)
    """How many it learns; 0 if none."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    asked = models.DateTimeField(default=timezone.now)
    begun = models.DateTimeField(null=True, blank=True)
    measured = models.DateTimeField(null=True, blank=True, db_index=True)
    """When the figures came, or it became clear that none will."""

    device = models.CharField(max_length=200, blank=True)
    is_gpu = models.BooleanField(default=False)
    seconds_per_step = models.FloatField(null=True, blank=True)
    """Of a generator step with its discriminator steps; None if that could not be measured."""
    memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    """At its peak; extrapolated where it exceeds what is available."""
    available_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    """Of the device."""
    largest_batch = models.PositiveIntegerField(default=0)
    """A batch size that fits, where the one asked for does not; 0 if none is known."""
    error = models.CharField(max_length=500, blank=True)
    """Why there are no figures."""

    objects = EstimateQuerySet.as_manager()

    class Meta:
        ordering = ["-asked"]
        indexes = [models.Index(fields=["asked"], condition=Q(measured=None), name="estimates_waiting")]

    def __str__(self) -> str:
        return f"{self.config.get('architecture')} {self.config.get('width')} × {self.config.get('height')}"

    @property
    def is_pending(self) -> bool:
        """Asked, or being measured at this moment."""
        return self.measured is None and (self.begun or self.asked) > timezone.now() - PATIENCE

    def is_fresh(self, seconds: float) -> bool:
        """Asked so short a time ago."""
        return self.asked > timezone.now() - timedelta(seconds=seconds)

    @property
    def is_settled(self) -> bool:
        """Nothing is gained by asking again now."""
        if self.measured is None:
            return self.is_pending
        return self.measured > timezone.now() - (VALID if self.fits else AGAIN)

    @property
    def fits(self) -> bool | None:
        """None while nothing is known."""
        if self.measured is None or self.error or self.memory_bytes is None:
            return None
        return self.seconds_per_step is not None
