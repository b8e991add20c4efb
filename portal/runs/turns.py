"""Waiting runs in the order in which they would start. Few columns of many rows, so that a long queue is cheap to look at."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from portal.accounts.models import DeviceTime
from portal.runs.models import Run, Status
from portal.runs.pace import seconds_left


class Turn(NamedTuple):
    """A waiting run: the columns that decide when it starts and why not earlier, by their names in the table."""

    pk: UUID
    owner_id: Any
    held: bool
    priority: int
    queued_at: datetime
    pool: str
    needs_gpu: bool
    needs_memory: int | None
    step: int
    total_steps: int
    seconds: float
    expected_seconds: float | None
    owner_running: int
    """Runs that its owner has at work."""
    owner_used: float
    """Seconds of device time that its owner has used lately."""

    @property
    def needs(self) -> tuple[str, bool, int | None]:
        """As `Run.needs`."""
        return self.pool, self.needs_gpu, self.needs_memory

    @property
    def seconds_left(self) -> float | None:
        return seconds_left(self.step, self.total_steps, self.seconds, self.expected_seconds)


COLUMNS = Turn._fields[:-2]
"""Of the run itself; its id and its owner come first."""


def turns(active: Iterable[Run], *others: Run) -> list[Turn]:
    """All waiting runs, next first, as if these others waited too. `active` are the runs at work."""
    rows = [
        *Run.objects.filter(status=Status.QUEUED).order_by().values_list(*COLUMNS),
        *(tuple(getattr(run, name) for name in COLUMNS) for run in others),
    ]
    running = Counter(run.owner_id for run in active)
    waiting = Run.objects.filter(status=Status.QUEUED).order_by().values("owner")
    owners = Q(owner__in=waiting) | Q(owner__in=[run.owner_id for run in others]) if others else Q(owner__in=waiting)
    used = dict(DeviceTime.objects.filter(owners).faded_totals().values_list("owner", "total"))
    return in_turn(Turn._make((*row, running[row[1]], used.get(row[1], 0.0))) for row in rows)


def in_turn(waiting: Iterable[Turn]) -> list[Turn]:
    """The order in which they would start if a worker came free again and again: owners take turns, each starting with one more at work."""
    asked: Counter[Any] = Counter()
    keyed: list[tuple[tuple[Any, ...], Turn]] = []
    for run in sorted(waiting, key=lambda run: (run.held, -run.priority, run.queued_at, run.pk)):
        keyed.append(((run.held, run.owner_running + asked[run.owner_id], run.owner_used, -run.priority, run.queued_at, run.pk), run))
        asked[run.owner_id] += not run.held
    return [run for _, run in sorted(keyed, key=itemgetter(0))]
