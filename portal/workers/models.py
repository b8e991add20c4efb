"""The training workers that are there: who could take up a run.

A noun of its own because a worker exists without a run: whether a waiting run can be served by anybody, who is free, and what the installation
has to offer cannot be told from runs alone, and the broker forgets who listens to it. An app of its own because runs, people's shares and the
queue's picture all ask it, and it knows none of them.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from portal.leases import lease

FORGOTTEN = timedelta(days=1)
"""A worker that has died is shown as missing for this long."""


class Needs(Protocol):
    """What a run asks of a worker."""

    @property
    def pool(self) -> str: ...
    @property
    def needs_gpu(self) -> bool: ...
    @property
    def needs_memory(self) -> int | None: ...


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        """Workers that were heard of within a lease, as long as a silent worker keeps its run."""
        return self.heard_of_within(lease())

    def heard_of_within(self, time: timedelta) -> Self:
        """Each with `asked`, the time at which this was asked by the clock that wrote `seen`."""
        return self.filter(seen__gt=Now() - time).annotate(asked=Now())

    def forgotten(self) -> Self:
        return self.filter(seen__lt=Now() - FORGOTTEN)


class Worker(models.Model):
    """A process that trains one run at a time, as it has announced itself. It renews `seen` every few seconds, idle or not."""

    name = models.CharField(max_length=200, primary_key=True)
    """As in `Run.worker`."""
    pool = models.CharField(max_length=50, blank=True)
    """What runs ask for that want particular workers."""
    labels: Any = models.JSONField(default=list, blank=True)
    """Words for people: where it stands, whose it is."""
    device = models.CharField(max_length=200, blank=True)
    """Its name; blank while it is being found out."""
    devices = models.PositiveSmallIntegerField(default=1)
    """As many as a run of this worker keeps, for their time counts."""
    is_gpu = models.BooleanField(default=False)
    memory = models.PositiveBigIntegerField(null=True, blank=True)
    """Bytes of one device; None while unknown."""
    started = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now)
    """Its last sign of life."""

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        return self.silent_for < lease()

    @property
    def silent_for(self) -> timedelta:
        asked: datetime = getattr(self, "asked", None) or timezone.now()
        return asked - self.seen

    def can_serve(self, run: Needs) -> bool:
        """Whether it meets the run's needs; `RunQuerySet.servable_by` asks the database the same."""
        has_device = self.is_gpu or not run.needs_gpu
        return has_device and run.pool in ("", self.pool) and (run.needs_memory is None or run.needs_memory <= (self.memory or 0))
