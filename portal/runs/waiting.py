"""The queue as people see it: who works on what, who waits, why at this place, and when its turn will probably come. For API and pages alike."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import DeviceTime
from portal.runs.forecast import starts
from portal.runs.models import Run, Status
from portal.runs.reasons import Before, reason, unserved
from portal.workers.models import Worker

SHOWN_AFTER_DEATH = timedelta(hours=1)
"""How long a worker that fell silent is still listed."""
NEEDED = (
    *("status", "held", "priority", "queued_at", "needs_gpu", "needs_memory", "pool"),
    *("step", "total_steps", "seconds", "images_per_second", "expected_seconds"),
)
"""Columns of a waiting run that decide when and why; the queue may be long."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run in the queue."""

    run: Run | None
    """With its owner; None for what the person may not see."""
    position: int | None
    """1 is next; None while it is held back."""
    priority: int
    held: bool
    waiting_for: str
    """Why it is at this place: a sentence."""
    estimated_start: datetime | None
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
class Picture:
    workers: Sequence[Station]
    running: Sequence[AtWork]
    waiting: Sequence[Waiting]
    """Next first; those held back come last."""


def picture(user: Any) -> Picture:
    """The queue as far as this person may know, in a handful of queries."""
    workers = list(Worker.objects.filter(seen__gt=timezone.now() - SHOWN_AFTER_DEATH))
    active = _active()
    waiting = Run.objects.in_queue_order().select_related("owner").defer("config", "verdict", "log_tail", "error")
    lines = _lines(waiting, active, [worker for worker in workers if worker.is_alive])
    unfinished = Run.objects.filter(status__in=(Status.QUEUED, Status.STARTING, Status.RUNNING))
    seen = set(unfinished.visible_to(user).values_list("pk", flat=True))
    owned = set(unfinished.owned_by(user).values_list("pk", flat=True))
    running = [_at_work(run, run.pk in seen) for run in active]
    by_worker = {one.worker: one for one in running}
    told = [
        replace(line, may_change=pk in owned) if pk in seen else replace(line, run=None, waiting_for="A run that you may not see.")
        for pk, line in lines.items()
    ]
    return Picture([Station(worker, by_worker.get(worker.name)) for worker in workers], running, told)


def lines() -> dict[UUID, Waiting]:
    """Every waiting run by its id, next first, whoever may see it; of the runs only what NEEDED says."""
    own = ("owner__running_quota", "owner__device_hours_quota")
    waiting = Run.objects.in_queue_order().select_related("owner").only(*NEEDED, *own)
    return _lines(waiting, _active(), list(Worker.objects.alive()))


def place_of_one_more(person: Any) -> int:
    """The place, from 1, of a run that this person would launch now."""
    new = Run(owner=person)
    new.owner_running = Run.objects.active().filter(owner=person).count()
    new.owner_used = sum(row["total"] for row in DeviceTime.objects.filter(owner=person).faded_totals())
    return in_turn([*Run.objects.in_queue_order().only(*NEEDED, "owner"), new]).index(new) + 1


def _active() -> list[Run]:
    return list(Run.objects.active().select_related("owner").defer("log_tail").order_by("started", "queued_at", "pk"))


def _lines(rows: Iterable[Run], active: Sequence[Run], workers: Sequence[Worker]) -> dict[UUID, Waiting]:
    waiting = in_turn(rows)
    if not waiting:
        return {}
    out_of_time = _out_of_time(waiting)
    allowed = {run.owner_id: _allowed(run.owner) for run in waiting}
    unmet = {needs: unserved(run, workers) for needs, run in {run.needs: run for run in waiting}.items()}
    when = starts([run for run in waiting if not run.held and run.owner_id not in out_of_time], active, workers, allowed)
    now = timezone.now()
    told: dict[UUID, Waiting] = {}
    own: Counter[Any] = Counter()
    rivals, nearest = 0, None
    for position, run in enumerate(waiting, start=1):
        before = Before(position, rivals, own[run.owner_id], nearest)
        why = reason(run, before, unmet[run.needs], allowed[run.owner_id], out_of_time.get(run.owner_id))
        seconds = when.get(run.pk)
        start = None if seconds is None else now + timedelta(seconds=seconds)
        told[run.pk] = Waiting(run, None if run.held else position, run.priority, run.held, why, start)
        if not (run.held or unmet[run.needs] or run.owner_id in out_of_time or run.owner_running >= allowed[run.owner_id]):
            rivals, nearest = rivals + 1, run
            own[run.owner_id] += 1
    return told


def in_turn(waiting: Iterable[Run]) -> list[Run]:
    """Runs in the order in which they would start if a worker came free again and again: owners take turns, each starting with one more at work."""
    asked: Counter[Any] = Counter()
    keyed: list[tuple[tuple[Any, ...], Run]] = []
    for run in waiting:
        keyed.append(((run.held, run.owner_running + asked[run.owner_id], run.owner_used, -run.priority, run.queued_at, run.pk), run))
        asked[run.owner_id] += not run.held
    return [run for _, run in sorted(keyed, key=itemgetter(0))]


def _allowed(owner: Any) -> int:
    return int(settings.GANVAS_QUOTA_RUNNING if owner.running_quota is None else owner.running_quota)


def _out_of_time(waiting: Iterable[Run]) -> dict[Any, int]:
    """Owners who have used up their device hours, and how many these are."""
    limits: dict[Any, int] = {}
    for owner in {run.owner_id: run.owner for run in waiting}.values():
        hours = settings.GANVAS_QUOTA_DEVICE_HOURS if owner.device_hours_quota is None else owner.device_hours_quota
        if hours is not None:
            limits[owner.pk] = hours
    if not limits:
        return {}
    used = dict(DeviceTime.objects.filter(owner__in=limits).in_quota().totals().values_list("owner", "total"))
    return {owner: hours for owner, hours in limits.items() if used.get(owner, 0.0) >= 3600 * hours}


def _at_work(run: Run, is_seen: bool) -> AtWork:
    left = run.seconds_left
    end = None if left is None else timezone.now() + timedelta(seconds=left)
    return AtWork(run if is_seen else None, run.worker, run.status, end)
