"""Why a run still waits, in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal import words
from portal.runs.turns import Turn
from portal.workers.models import Worker


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before a run."""

    position: int
    """Its place in the queue, from 1."""
    rivals: int
    """Runs before it that could start; the others do not keep it."""
    own: int
    """How many of these are of its owner."""
    nearest: Turn | None
    """The last of them."""


def reason(run: Turn, before: Before, missing: str, allowed: int, out_of_time: int | None) -> str:
    """What the run waits for: the first thing in the way.

    Args:
        missing: why no worker could serve it, if that is so.
        allowed: runs that its owner may have at work at once.
        out_of_time: the device hours that its owner may have, if they are used up.
    """
    if run.held:
        return "It is held back until its owner releases it."
    if missing:
        return missing
    if out_of_time is not None:
        spent = f"{words.counted(out_of_time, 'hour')} in 30 days"
        return f"The device time of its owner is used up: {spent}. It starts when days of much use lie further back."
    if run.owner_running >= allowed:
        return f"Its owner has {words.counted(run.owner_running, 'run')} at work, as many as may be at once. It starts when one of them ends."
    if before.nearest:
        return f"{words.counted(before.rivals, 'run')} {'goes' if before.rivals == 1 else 'go'} first. {_why_first(run, before, before.nearest)}"
    if before.position > 1:
        return "Those before it wait for something else. It starts when a worker that can serve it is free."
    return "It is next, and starts when a worker that can serve it is free."


def unserved(run: Turn, workers: Sequence[Worker]) -> str:
    """Why none of these workers could ever take the run; blank if one could."""
    if any(worker.can_serve(run) for worker in workers):
        return ""
    if not workers:
        return "No worker is there at the moment. It starts when one comes."
    pool = [worker for worker in workers if run.pool in ("", worker.pool)]
    if not pool:
        return f"No worker of the pool “{run.pool}” is there. It starts when one comes."
    place = f" of the pool “{run.pool}”" if run.pool else ""
    able = [worker for worker in pool if worker.is_gpu] if run.needs_gpu else pool
    if not able:
        return f"It needs a GPU, and no worker{place} that is there has one."
    largest = max(worker.memory or 0 for worker in able)
    has = f"the largest has {words.size(largest)}" if largest else "none says how much it has"
    return f"It needs {words.size(run.needs_memory or 0)} of device memory, and no worker{place} that is there has so much: {has}."


def _why_first(run: Turn, before: Before, nearest: Turn) -> str:
    if before.own == before.rivals:
        return "It is of the same owner." if before.own == 1 else "They are of the same owner."
    if before.own:
        return "Owners take turns, and its owner has others before it."
    if nearest.owner_running < run.owner_running:
        return "Owners with fewer runs at work come first."
    if nearest.owner_used < run.owner_used:
        return "Owners whose runs have used less device time lately come first."
    return "Owners take turns."
