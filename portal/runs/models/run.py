"""A training run and the record of its moves.

Every move of a run is one conditional UPDATE in `Run.move`, so two processes can never both make it, and each leaves
a Transition. Every write of a run's process goes through `RunQuerySet.held_by` (fencing by attempt).
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from gan_core.config import TrainConfig
from portal import leases
from portal.accounts.models import DeviceTime
from portal.addresses import address
from portal.datasets.models import Dataset
from portal.notices import outbox
from portal.runs.models.run_queryset import RunQuerySet
from portal.runs.models.status import ACTIVE, ENDED, Status
from portal.runs.models.transition import Transition
from portal.runs.pace import seconds_left
from portal.trail.changes import changes
from portal.visibility import Visibility


class Run(models.Model):
    class Control(models.TextChoices):
        """What its owner wants of a held run; the supervisor reads it every second."""

        NONE = ""
        PAUSE = "pause"
        STOP = "stop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="runs")
    name = models.CharField(max_length=200)
    recipe = models.CharField(max_length=50, blank=True)
    config: Any = models.JSONField()
    """A complete TrainConfig as JSON; read it through `train_config`."""
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    priority = models.SmallIntegerField(default=0)
    needs_gpu = models.BooleanField("needs a GPU", default=False)
    needs_memory = models.PositiveBigIntegerField("needs device memory, bytes", null=True, blank=True)
    """Of the device; None if any will do."""
    pool = models.CharField(max_length=50, blank=True)
    """Only workers of this pool take it; blank for all."""

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED, db_index=True)
    control = models.CharField(max_length=5, choices=Control.choices, default=Control.NONE, blank=True)
    control_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    """Who wished it; the actor of the transition that fulfils it."""
    sample_wanted = models.BooleanField(default=False)
    """The owner asked for a sheet now; cleared by the process when it takes the wish."""
    class_sheets_wanted: Any = models.JSONField(default=list, blank=True)
    """Classes of which the owner asked for a sheet, as indices, in that order; the process takes one after the other."""
    held = models.BooleanField(default=False)
    """Its owner lets it wait without taking its turn. A run that is held back has the status queued."""
    attempt = models.PositiveIntegerField(default=0)
    """Counts claims; the fence of every write."""
    failures = models.PositiveIntegerField(default=0)
    """Crashes since the last checkpoint; too many end the run."""
    rewinds = models.PositiveIntegerField(default=0)
    """How often something that pages had been told was taken back; a page that knows another number fetches everything anew."""
    parts = models.PositiveIntegerField(default=1)
    """Into how many parts a batch is divided at least, because with fewer the machine ran out of memory."""
    worker = models.CharField(max_length=200, blank=True)
    device = models.CharField(max_length=200, blank=True)
    lease_expires = models.DateTimeField(null=True, blank=True)
    devices = models.PositiveSmallIntegerField(default=1)
    """That its worker keeps for it."""
    stored = models.PositiveBigIntegerField(default=0)
    """Bytes of its sheets and artifacts, as `weigh` has added them up."""
    device_seconds = models.FloatField(default=0)
    """For how long it has kept devices, attempts that broke off included; four devices for a second count four."""
    counted = models.DateTimeField(null=True, blank=True)
    """Until when device time has been counted; null unless a process holds the run."""
    expected_seconds = models.FloatField(null=True, blank=True)
    """What was known at launch of how long it trains; null if nothing was."""

    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    epoch = models.FloatField(default=0)
    seconds = models.FloatField(default=0)
    images_per_second = models.FloatField(null=True, blank=True)
    telemetry: Any = models.JSONField(null=True, blank=True)
    """What its process uses of the machine, as `worker.telemetry` has read it last; null until the first reading of an attempt."""
    best_step = models.PositiveIntegerField(null=True, blank=True)
    """The step of its best score; null before there is one."""
    error = models.TextField(blank=True)
    verdict: Any = models.JSONField(null=True, blank=True)
    """How it is going, as `worker.record` writes it; null while nothing was said."""
    log_tail = models.TextField(blank=True)
    """The last lines of the process's log, at most LOG_TAIL characters. Defer it where many runs are read."""

    created = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    """Its place among its owner's waiting runs: since when it waits, unless the owner has let it change places with another."""
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    updated = models.DateTimeField(default=timezone.now)
    """When its process last reported."""
    last_sampled = models.DateTimeField(default=timezone.now, db_index=True)
    """When its newest sheet was stored (launch time before the first); the order of the gallery."""

    batch_size: int
    discriminator_steps: int
    """As in the settings; of rows that were asked for `at_pace` only."""
    owner_running: int
    """Runs that its owner has at work; of rows in queue order only."""
    owner_used: float
    """Seconds of device time that its owner has used lately; of rows in queue order only."""

    objects = RunQuerySet.as_manager()

    LOG_TAIL = 32_000

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["owner", "status", "stored"], name="what_an_owner_uses"),  # usage is told from the index alone
            models.Index(fields=["finished"], name="just_finished"),
            models.Index(fields=["-created"], name="runs_newest"),
            models.Index(fields=["name", "id"], name="runs_by_name"),
            models.Index(fields=["visibility", "owner"], name="runs_one_may_see"),  # they are counted from the index alone
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("runs:detail", self.pk)

    @property
    def train_config(self) -> TrainConfig:
        return TrainConfig.model_validate(self.config)

    @property
    def directory(self) -> str:
        """Storage prefix of everything that belongs to this run."""
        return f"runs/{self.pk}"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def eta_seconds(self) -> float | None:
        """Training time left at the present rate; None while nothing runs or nothing is known yet (50 steps)."""
        if self.status != Status.RUNNING or self.step < 50 or not self.images_per_second:
            return None
        if "batch_size" in self.__dict__:
            images = self.batch_size * self.discriminator_steps
        else:
            images = self.config["batch_size"] * self.config["discriminator_steps"]
        return float((self.total_steps - self.step) * images / self.images_per_second)

    @property
    def needs(self) -> tuple[str, bool, int | None]:
        """What it asks of a worker; runs with the same needs are served by the same ones."""
        return self.pool, self.needs_gpu, self.needs_memory

    @property
    def seconds_left(self) -> float | None:
        """Training time that is left: at the present rate, else at its rate so far, else as expected at launch; None while nothing is known."""
        eta = self.eta_seconds
        return seconds_left(self.step, self.total_steps, self.seconds, self.expected_seconds) if eta is None else eta

    def move(self, to: Status, *, frm: tuple[str, ...], reason: str, actor: Any = None, held_by: int | None = None, **values: Any) -> bool:
        """Move the run if it is in one of the states `frm` (and held by that attempt, when given); record who, when and why.

        `values` are further columns of the same UPDATE. True if this call made the move; the object is then fresh.
        Without an actor, a pause or a stop is ascribed to the person whose wish it fulfils.
        """
        now = timezone.now()
        if to in ENDED:
            values.setdefault("finished", now)
        with transaction.atomic():
            rows = Run.objects.filter(pk=self.pk, status__in=frm)
            if held_by is not None:
                rows = rows.filter(attempt=held_by)
            before, wish, wisher = rows.select_for_update().values_list("status", "control", "control_by").first() or (None, "", None)
            if before in ACTIVE and to not in ACTIVE:
                self.count_device_time()
                values["counted"] = None
            if before is None or not rows.filter(status=before).update(status=to, updated=now, **values):
                return False
            self.refresh_from_db()
            if actor is None and to in (Status.PAUSED, Status.STOPPED):
                actor = self.control_by
            same = {"run": self, "frm": before, "worker": self.worker, "step": self.step}
            if wish and to in (Status.COMPLETED, Status.FAILED):
                Transition.objects.create(to=before, actor_id=wisher, reason=f"Asked to {wish}, but it ended by itself before that", **same)
            Transition.objects.create(to=to, actor=actor, reason=reason, **same)
            if to in ENDED:
                outbox.run_ended(self, reason, actor)
        return True

    def note(self, reason: str, actor: Any, detail: str = "") -> None:
        """Record a deed that changes no status; `detail` is for the owner and the staff. The caller has locked the run, or its owner's queue."""
        same = {"frm": self.status, "to": self.status, "worker": self.worker, "step": self.step}
        Transition.objects.create(run=self, actor=actor, reason=reason, detail=detail, **same)

    def change(self, actor: Any, **values: Any) -> None:
        """Write these columns and no others (the process that holds the run writes those meanwhile), and record each that differs."""
        with transaction.atomic():
            before = Run.objects.select_for_update().get(pk=self.pk)
            for what, detail in changes(before, values):
                before.note(what, actor, detail)
            Run.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)

    def count_device_time(self) -> None:
        """Count what a run at work has used of its devices since the last time, for itself and for its owner; until its worker fell silent, if so."""
        with transaction.atomic():
            held = Run.objects.active().filter(pk=self.pk, counted__isnull=False).select_for_update()
            found = held.annotate(now=Now()).values_list("counted", "lease_expires", "devices", "owner", "now").first()
            if found is None:
                return
            counted, expires, devices, owner, until = found
            if expires is not None and expires < until:
                until = expires - leases.lease()
            until = max(counted, until)
            seconds = devices * (until - counted).total_seconds()
            held.update(counted=until, device_seconds=F("device_seconds") + seconds)
            DeviceTime.objects.add(owner, seconds)

    def claim(self, worker: str, devices: int = 1) -> bool:
        """Take a queued run: one conditional UPDATE that raises `attempt`. False if somebody else was quicker."""
        return self.move(
            Status.STARTING,
            frm=(Status.QUEUED,),
            reason=f"Picked up by {worker}",
            attempt=F("attempt") + 1,
            worker=worker,
            devices=devices,
            counted=Now(),
            lease_expires=leases.lease_end(),
            control=Run.Control.NONE,
            control_by=None,
            telemetry=None,
        )
