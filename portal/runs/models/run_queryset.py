"""Runs that are asked for together: those at work, those that may start, and in which order."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from portal import leases
from portal.accounts.models import DeviceTime
from portal.runs.models.status import ACTIVE, Status
from portal.visibility import OwnedQuerySet
from portal.workers.models import Worker


class RunQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def at_pace(self) -> Self:
        """Of the settings only the two that a run's pace depends on: to read them whole takes longer than all other columns together."""
        return self.defer("config").annotate(batch_size=F("config__batch_size"), discriminator_steps=F("config__discriminator_steps"))

    def held_by(self, pk: uuid.UUID | str, attempt: int) -> Self:
        """The run, if that attempt still holds it; an UPDATE through this is fenced."""
        return self.filter(pk=pk, attempt=attempt, status__in=ACTIVE)

    def expired(self) -> Self:
        """Held runs whose worker has not renewed its lease."""
        return self.active().filter(leases.ended())

    def in_queue_order(self) -> Self:
        """Waiting runs, next first: of the owner with fewest runs at work, then of the one whose runs have used least device time lately; of an
        owner's runs by priority, then in the owner's order. Those held back come last.
        """
        at_work = (
            self.model._default_manager.active()
            .filter(owner=OuterRef("owner"))
            .order_by()
            .values("owner")
            .annotate(total=Count("pk"))
            .values("total")
        )
        used = DeviceTime.objects.filter(owner=OuterRef("owner")).faded_totals()
        waiting = self.filter(status=Status.QUEUED)
        shares = waiting.annotate(owner_running=Coalesce(Subquery(at_work), 0), owner_used=Coalesce(Subquery(used), 0.0))
        return shares.order_by("held", "owner_running", "owner_used", "-priority", "queued_at", "pk")

    def eligible(self) -> Self:
        """Waiting runs that may start now, next first: not held back, and of owners who may have one more at work and have device hours left."""
        running = Coalesce("owner__running_quota", Value(settings.GANVAS_QUOTA_RUNNING))
        hours = Coalesce("owner__device_hours_quota", Value(settings.GANVAS_QUOTA_DEVICE_HOURS, models.PositiveIntegerField()))
        used = Coalesce(Subquery(DeviceTime.objects.filter(owner=OuterRef("owner")).in_quota().totals()), 0.0)
        rows = self.in_queue_order().filter(held=False, owner_running__lt=running)
        return rows.alias(hours=hours, seconds_used=used).filter(Q(hours=None) | Q(seconds_used__lt=F("hours") * 3600))

    def servable_by(self, worker: Worker) -> Self:
        """Runs whose needs that worker meets."""
        rows = self.filter(pool__in=("", worker.pool))
        if not worker.is_gpu:
            rows = rows.filter(needs_gpu=False)
        return rows.filter(Q(needs_memory=None) | Q(needs_memory__lte=worker.memory or 0))
