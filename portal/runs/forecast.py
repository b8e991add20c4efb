"""When waiting runs will probably start: a list simulation over the workers, each taking the next run that it can serve as soon as it is free.

It knows of no run that is still to be launched, stopped or paused, so it is a forecast and no promise.
"""

from collections.abc import Iterable, Mapping
from heapq import heappush, heappushpop
from math import inf, isfinite
from typing import Any
from uuid import UUID

from portal.runs.models import Run
from portal.runs.turns import Turn
from portal.workers.models import Worker


def starts(waiting: Iterable[Turn], active: Iterable[Run], workers: Iterable[Worker], allowed: Mapping[Any, int]) -> dict[UUID, float | None]:
    """Seconds until each waiting run starts; None where a duration that it depends on is not known.

    Args:
        waiting: in the order of their turns, without those that may not start.
        allowed: runs that an owner may have at work at once.
    """
    by_name = {worker.name: worker for worker in workers}
    free = dict.fromkeys(by_name, 0.0)
    shares = {owner: Share(count) for owner, count in allowed.items()}
    for held in active:
        left = _known(held.seconds_left)
        if held.owner_id in shares:
            shares[held.owner_id].add(left)
        if held.worker in free:
            free[held.worker] = max(free[held.worker], left)
    able: dict[Any, list[str]] = {}
    found: dict[UUID, float | None] = {}
    for run in waiting:
        if run.needs not in able:
            able[run.needs] = [name for name, worker in by_name.items() if worker.can_serve(run)]
        first = min(able[run.needs], key=free.__getitem__, default=None)
        share = shares[run.owner_id]
        turn = share.turn
        start = inf if first is None else max(free[first], turn)
        found[run.pk] = start if isfinite(start) else None
        end = start + _known(run.seconds_left)
        share.add(end)
        if first is not None and turn <= free[first]:  # else the worker takes others until then
            free[first] = end
    return found


class Share:
    """The runs that an owner has at work at once, as times at which they end."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._ends: list[float] = []
        """Of the last ones, as many as are allowed; the first to end comes first."""

    @property
    def turn(self) -> float:
        """When one more may start."""
        if len(self._ends) < self._allowed:
            return 0.0
        return self._ends[0] if self._allowed else inf

    def add(self, end: float) -> None:
        if len(self._ends) < self._allowed:
            heappush(self._ends, end)
        elif self._allowed:
            heappushpop(self._ends, end)


def _known(seconds: float | None) -> float:
    return inf if seconds is None else seconds
