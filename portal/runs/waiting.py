"""The queue as people see it: who works on what, who waits, why at this place, and when its turn will probably come. For API and pages alike."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import DeviceTime, User
from portal.runs.forecast import starts
from portal.runs.models import Run, RunQuerySet
from portal.runs.reasons import Before, reason, unserved
from portal.runs.turns import Turn, turns
from portal.workers.models import Worker

SHOWN_AFTER_DEATH = timedelta(hours=1)
"""How long a worker that fell silent is still listed."""
PACE = ("status", "step", "total_steps", "seconds", "images_per_second", "expected_seconds", "owner", "worker")
"""Columns of a run at work that decide when its worker and its owner's turn come free."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run in the queue."""

    pk: UUID
    position: int | None
    """1 is next; None while it is held back."""
    priority: int
    held: bool
    waiting_for: str
    """Why it is at this place: a sentence."""
    estimated_start: datetime | None
    is_first: bool
    """Of its owner's runs of the same priority: there is none before it with which it may change places."""
    is_last: bool
    run: Run | None = None
    """With its owner; None for what the person may not see, and as long as nobody has asked."""
    may_change: bool = False
    """The person may hold, release and move it."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """A run that a worker trains."""

    run: Run | None
    """With its owner; None for what the person may not see."""
    worker: str
    status: str
    estimated_end: datetime | None


@dataclass(frozen=True, slots=True)
class Station:
    """A worker and what it does."""

    worker: Worker
    at_work: AtWork | None
    """None when it is free."""


@dataclass(frozen=True, slots=True)
class Queue:
    """All of it, whoever may see it."""

    workers: Sequence[Worker]
    active: Sequence[Run]
    """Runs at work, with their owners."""
    waiting: Sequence[Waiting]
    """Next first; those held back come last."""


@dataclass(frozen=True, slots=True)
class Picture:
    """As much of it as a person may know."""

    workers: Sequence[Station]
    running: Sequence[AtWork]
    waiting: Sequence[Waiting]


def queue() -> Queue:
    """In a handful of queries, none of which reads a waiting run whole."""
    workers = list(Worker.objects.heard_of_within(SHOWN_AFTER_DEATH))
    active = _active()
    return Queue(workers, active, _lines(active, [worker for worker in workers if worker.is_alive]))


def picture(user: Any, of: Queue, part: Sequence[Waiting], rows: RunQuerySet) -> Picture:
    """What this person may know of the queue: of the workers, and of that part of those who wait.

    Args:
        rows: their runs, as far as they are to be told.
    """
    known = set(Run.objects.filter(pk__in=[run.pk for run in of.active]).visible_to(user).values_list("pk", flat=True))
    owned = set(rows.owned_by(user).values_list("pk", flat=True))
    seen = {run.pk: run for run in rows.visible_to(user).select_related("owner")}
    running = [_at_work(run, run.pk in known) for run in of.active]
    by_worker = {one.worker: one for one in running}
    told = [
        replace(one, run=seen[one.pk], may_change=one.pk in owned) if one.pk in seen else replace(one, waiting_for="A run that you may not see.")
        for one in part
    ]
    return Picture([Station(worker, by_worker.get(worker.name)) for worker in of.workers], running, told)


def lines(wanted: Collection[UUID]) -> dict[UUID, Waiting]:
    """Those of these runs that wait, by their ids, whoever may see them."""
    active = list(Run.objects.active().order_by().only(*PACE).at_pace())
    return {one.pk: one for one in _lines(active, list(Worker.objects.alive()), wanted)}


def place_of_one_more(person: Any) -> int:
    """The place, from 1, of a run that this person would launch now."""
    new = Run(owner=person)
    return [turn.pk for turn in turns(Run.objects.active().only("owner"), new)].index(new.pk) + 1


def _active() -> list[Run]:
    rows = Run.objects.active().select_related("owner").defer("log_tail", "verdict", "error")
    return list(rows.at_pace().order_by("started", "queued_at", "pk"))


def _lines(active: Sequence[Run], workers: Sequence[Worker], wanted: Collection[UUID] | None = None) -> list[Waiting]:
    """Next first; all of them, or those that are wanted."""
    waiting = turns(active)
    if not waiting:
        return []
    allowed, hours = _quotas({run.owner_id for run in waiting})
    out_of_time = _out_of_time(hours)
    unmet = {needs: unserved(run, workers) for needs, run in {run.needs: run for run in waiting}.items()}
    when = starts([run for run in waiting if not run.held and run.owner_id not in out_of_time], active, workers, allowed)
    last = {_group(run): run.pk for run in waiting}
    first = {_group(run): run.pk for run in reversed(waiting)}
    now = timezone.now()
    told: list[Waiting] = []
    own: Counter[Any] = Counter()
    rivals, nearest = 0, None
    for position, run in enumerate(waiting, start=1):
        if wanted is None or run.pk in wanted:
            before = Before(position, rivals, own[run.owner_id], nearest)
            why = reason(run, before, unmet[run.needs], allowed[run.owner_id], out_of_time.get(run.owner_id))
            seconds = when.get(run.pk)
            start = None if seconds is None else now + timedelta(seconds=seconds)
            place, group = None if run.held else position, _group(run)
            told.append(Waiting(run.pk, place, run.priority, run.held, why, start, first[group] == run.pk, last[group] == run.pk))
        if not (run.held or unmet[run.needs] or run.owner_id in out_of_time or run.owner_running >= allowed[run.owner_id]):
            rivals, nearest = rivals + 1, run
            own[run.owner_id] += 1
    return told


def _group(run: Turn) -> tuple[Any, ...]:
    """Runs of the same group may change places."""
    return run.owner_id, run.held, run.priority


def _quotas(people: Iterable[Any]) -> tuple[dict[Any, int], dict[Any, int]]:
    """Runs that each of these people may have at work at once, and the device hours of those for whom they are limited."""
    special = User.objects.exclude(running_quota=None, device_hours_quota=None).values_list("pk", "running_quota", "device_hours_quota")
    own = {pk: quotas for pk, *quotas in special}
    allowed: dict[Any, int] = {}
    hours: dict[Any, int] = {}
    for pk in people:
        running, limit = own.get(pk, (None, None))
        allowed[pk] = settings.GANVAS_QUOTA_RUNNING if running is None else running
        if (limit := settings.GANVAS_QUOTA_DEVICE_HOURS if limit is None else limit) is not None:
            hours[pk] = limit
    return allowed, hours


def _out_of_time(limits: Mapping[Any, int]) -> dict[Any, int]:
    """Of people whose device hours are limited to so many, those who have used them up."""
    if not limits:
        return {}
    used = dict(DeviceTime.objects.filter(owner__in=limits).in_quota().totals().values_list("owner", "total"))
    return {owner: hours for owner, hours in limits.items() if used.get(owner, 0.0) >= 3600 * hours}


def _at_work(run: Run, is_seen: bool) -> AtWork:
    left = run.seconds_left
    end = None if left is None else timezone.now() + timedelta(seconds=left)
    return AtWork(run if is_seen else None, run.worker, run.status, end)
