"""The workers of the queue's page: what each one does, and what became of the run of one that does not answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from portal import words
from portal.runs import showcase
from portal.runs.faces import Face
from portal.runs.models import ACTIVE, Run, Status, Transition
from portal.runs.waiting import Picture, Station
from portal.workers.models import Worker

MOVES = 500
"""Of the newest ones, that are looked through for what became of a silent worker's run."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A worker and its run."""

    station: Station
    face: Face | None
    owner: str
    left: str
    percent: int
    gone: str
    """Of a worker that does not answer: what became of its run."""
    silent: str
    """For how long it has not answered."""


def stations(picture: Picture) -> list[Station]:
    """Every worker, and those at work that have not announced themselves, or no longer."""
    known = {station.worker.name for station in picture.workers}
    others = [one for one in picture.running if one.worker not in known]
    return [*picture.workers, *(Station(Worker(name=one.worker, device=one.run.device if one.run else ""), one) for one in others)]


def desks(stations: Iterable[Station], faces: Mapping[UUID, Face], user: Any) -> list[Desk]:
    fates = _fates([station.worker for station in stations if not station.worker.is_alive], user)
    return [_desk(station, faces, fates, user) for station in stations]


def now(stations: Iterable[Station], waiting: int) -> str:
    """2 of 3 workers are busy. The next one should be free in about 11 min."""
    alive = [station for station in stations if station.worker.is_alive]
    busy = [station.at_work for station in alive if station.at_work]
    if not alive:
        return "No worker is there at the moment. Runs start when one comes."
    told = f"{len(busy)} of {len(alive)} workers {'is' if len(busy) == 1 else 'are'} busy."
    if len(alive) == 1:
        told = "The worker is busy." if busy else "The worker is free."
    ends = [one.estimated_end for one in busy if one.estimated_end]
    if len(busy) == len(alive) and ends:
        left = words.duration(_seconds_until(min(ends)))
        told += f" {'It' if len(alive) == 1 else 'The next one'} should be free in about {left}."
    return told if waiting else f"{told} Nothing waits."


def _desk(station: Station, faces: Mapping[UUID, Face], fates: Mapping[str, str], user: Any) -> Desk:
    worker, at_work = station.worker, station.at_work
    run = at_work.run if at_work else None
    left = words.duration(_seconds_until(at_work.estimated_end)) if at_work and at_work.estimated_end else ""
    return Desk(
        station,
        face=faces.get(run.pk) if run else None,
        owner=("you" if run.owner_id == user.pk else run.owner.username) if run else "",
        left=left,
        percent=showcase.percent(run) if run else 0,
        gone="" if worker.is_alive else fates.get(worker.name, _still_held(station)),
        silent=words.duration(worker.silent_for.total_seconds()),
    )


def _seconds_until(moment: datetime) -> float:
    return (moment - timezone.now()).total_seconds()


def _still_held(station: Station) -> str:
    return "Its run goes back to the queue in a moment." if station.at_work else "It had no run."


def _fates(silent: Sequence[Worker], user: Any) -> dict[str, str]:
    """Name of a worker that does not answer -> what became of the run that it had; what one may not see has no name."""
    if not silent:
        return {}
    seen = {worker.name: worker.seen for worker in silent}
    recent = Transition.objects.order_by("-pk").values_list("worker", "run", "frm", "to", "created")[:MOVES]
    taken = {
        name: (run, to) for name, run, frm, to, created in recent if name in seen and created > seen[name] and frm in ACTIVE and to not in ACTIVE
    }
    runs = Run.objects.visible_to(user).only("name", "status", "worker").in_bulk([run for run, _ in taken.values()])
    return {name: _fate(runs.get(pk), to) for name, (pk, to) in taken.items()}


def _fate(run: Run | None, to: str) -> str:
    if run is None:
        return "Its run went back to the queue." if to == Status.QUEUED else "Its run has ended."
    if run.status in ACTIVE:
        return f"“{run.name}” goes on at {run.worker}."
    if run.status == Status.QUEUED:
        return f"“{run.name}” went back to the queue."
    return f"“{run.name}” is {run.get_status_display().lower()}."
