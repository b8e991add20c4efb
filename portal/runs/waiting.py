"""The queue as people see it: who works on what, who waits, why at this place, and when its turn will probably come. For API and pages alike."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, overload
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import DeviceTime, User
from portal.runs.forecast import starts
from portal.runs.models import Run, RunQuerySet
from portal.runs.reasons import Before, reason, unserved
from portal.runs.turns import Turn, turns
from portal.visibility import may_change, may_see
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


class Lines(Sequence[Waiting]):
    """The waiting runs, next first. What is told of one is put together when it is asked for: a page shows thirty of a thousand."""

    def __init__(self, active: Sequence[Run], workers: Sequence[Worker]) -> None:
        self._turns = waiting = turns(active)
        self._allowed, hours = _quotas({run.owner_id for run in waiting})
        self._out_of_time = _out_of_time(hours)
        self._unmet = {needs: unserved(run, workers) for needs, run in {run.needs: run for run in waiting}.items()}
        able = [run for run in waiting if not run.held and run.owner_id not in self._out_of_time]
        self._starts = starts(able, active, workers, self._allowed)
        self._last = {_group(run): run.pk for run in waiting}
        self._first = {_group(run): run.pk for run in reversed(waiting)}
        self._before = list(self._standing_before())
        self._now = timezone.now()

    def _standing_before(self) -> Iterator[Before]:
        """What stands before each."""
        own: Counter[Any] = Counter()
        rivals, nearest = 0, None
        for position, run in enumerate(self._turns, start=1):
            yield Before(position, rivals, own[run.owner_id], nearest)
            is_free = run.owner_id not in self._out_of_time and run.owner_running < self._allowed[run.owner_id]
            if is_free and not run.held and not self._unmet[run.needs]:
                rivals, nearest = rivals + 1, run
                own[run.owner_id] += 1

    def __len__(self) -> int:
        return len(self._turns)

    @overload
    def __getitem__(self, place: int) -> Waiting: ...
    @overload
    def __getitem__(self, place: slice) -> list[Waiting]: ...
    def __getitem__(self, place: int | slice) -> Waiting | list[Waiting]:
        if isinstance(place, slice):
            return [*map(self._told, self._turns[place], self._before[place])]
        return self._told(self._turns[place], self._before[place])

    def of(self, wanted: Collection[UUID]) -> dict[UUID, Waiting]:
        """Those of these runs that wait, by their ids."""
        return {run.pk: self._told(run, before) for run, before in zip(self._turns, self._before, strict=True) if run.pk in wanted}

    def _told(self, run: Turn, before: Before) -> Waiting:
        why = reason(run, before, self._unmet[run.needs], self._allowed[run.owner_id], self._out_of_time.get(run.owner_id))
        seconds = self._starts.get(run.pk)
        start = None if seconds is None else self._now + timedelta(seconds=seconds)
        place, group = None if run.held else before.position, _group(run)
        return Waiting(run.pk, place, run.priority, run.held, why, start, self._first[group] == run.pk, self._last[group] == run.pk)


@dataclass(frozen=True, slots=True)
class Queue:
    """All of it, whoever may see it."""

    workers: Sequence[Worker]
    active: Sequence[Run]
    """Runs at work, with their owners."""
    waiting: Lines
    """Those held back come last."""


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
    return Queue(workers, active, Lines(active, [worker for worker in workers if worker.is_alive]))


def picture(user: Any, of: Queue, part: Sequence[Waiting], rows: RunQuerySet) -> Picture:
    """What this person may know of the queue: of the workers, and of that part of those who wait.

    Args:
        rows: their runs, as far as they are to be told.
    """
    seen = {run.pk: run for run in rows.visible_to(user).select_related("owner")}
    running = [_at_work(run, may_see(user, run.visibility, run.owner_id)) for run in of.active]
    by_worker = {one.worker: one for one in running}
    told = [
        replace(one, run=run, may_change=may_change(user, run.owner_id))
        if (run := seen.get(one.pk))
        else replace(one, waiting_for="A run that you may not see.")
        for one in part
    ]
    return Picture([Station(worker, by_worker.get(worker.name)) for worker in of.workers], running, told)


def lines(wanted: Collection[UUID]) -> dict[UUID, Waiting]:
    """Those of these runs that wait, by their ids, whoever may see them."""
    active = list(Run.objects.active().order_by().only(*PACE).at_pace())
    return Lines(active, list(Worker.objects.alive())).of(wanted)


def place_of_one_more(person: Any) -> int:
    """The place, from 1, of a run that this person would launch now."""
    new = Run(owner=person)
    return [turn.pk for turn in turns(Run.objects.active().only("owner"), new)].index(new.pk) + 1


def _active() -> list[Run]:
    rows = Run.objects.active().select_related("owner").defer("log_tail", "verdict", "error")
    return list(rows.at_pace().order_by("started", "queued_at", "pk"))


def _group(run: Turn) -> tuple[Any, ...]:
    """Runs of the same group may change places."""
    return run.owner_id, run.held, run.priority


def _quotas(people: Collection[Any]) -> tuple[dict[Any, int], dict[Any, int]]:
    """Runs that each of these people may have at work at once, and the device hours of those for whom they are limited."""
    if not people:
        return {}, {}
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
