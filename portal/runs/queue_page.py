"""The page of the queue: who works on what, who waits and why, what has just finished."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import words
from portal.datasets import facts
from portal.datasets.models import Dataset
from portal.runs import showcase
from portal.runs.models import ACTIVE, ENDED, Run, Status, Transition
from portal.runs.payloads import sample_payload
from portal.runs.waiting import AtWork, Station, Waiting, picture
from portal.workers.models import Worker

PER_PAGE = 30
FINISHED = 5
MOVES = 500
"""Of the newest ones, that are looked through for what became of a silent worker's run."""
TILE = 64
"""Pixels of the largest tile as it is shown."""


@dataclass(frozen=True, slots=True)
class Face:
    """The picture of a run: the first tile of its newest sheet, or one of the pictures that it learns."""

    image: str
    width: int
    """Of the tile, in pixels as it was drawn."""
    height: int
    sheet_width: int = 0
    """0 if the picture is no sheet."""
    sheet_height: int = 0

    @property
    def scale(self) -> float:
        """The largest whole multiple that fits; a tile that is larger than its place shrinks."""
        side = max(self.width, self.height)
        return TILE // side if side <= TILE else TILE / side

    @property
    def shown_width(self) -> int:
        return round(self.scale * self.width)

    @property
    def shown_height(self) -> int:
        return round(self.scale * self.height)


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


@dataclass(frozen=True, slots=True)
class Line:
    """A waiting run."""

    waiting: Waiting
    face: Face | None
    is_mine: bool
    can_rise: bool
    """There is one of its owner's before it with which it may change places."""
    can_sink: bool

    @property
    def starts(self) -> str:
        return words.starts(self.waiting.estimated_start) if self.waiting.estimated_start else ""


@login_required
@never_cache
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    seen = picture(request.user)
    page = Paginator(seen.waiting, PER_PAGE).get_page(request.GET.get("page"))
    stations = [*seen.workers, *_unannounced(seen.workers, seen.running)]
    at_work = [station.at_work.run for station in stations if station.at_work and station.at_work.run]
    faces = _faces([*at_work, *(one.run for one in page if one.run)], request.user)
    gone = _gone([station.worker for station in stations if not station.worker.is_alive], request.user)
    context = {
        "now": _now(stations, len(seen.waiting)),
        "desks": [_desk(station, faces, gone, request.user) for station in stations],
        "page": page,
        "lines": _lines(page.object_list, seen.waiting, faces, request.user),
        "finished": _just_finished(request.user),
    }
    return render(request, "runs/queue.html", context)


def _just_finished(user: Any) -> Any:
    ended = Run.objects.visible_to(user).filter(status__in=ENDED, finished__isnull=False)
    return ended.select_related("owner").defer("log_tail", "config").order_by("-finished")[:FINISHED]


def _unannounced(stations: Iterable[Station], running: Iterable[AtWork]) -> list[Station]:
    """Runs at work whose worker has not announced itself, or no longer."""
    known = {station.worker.name for station in stations}
    return [Station(Worker(name=one.worker, device=one.run.device if one.run else ""), one) for one in running if one.worker not in known]


def _desk(station: Station, faces: Mapping[UUID, Face], gone: Mapping[str, str], user: Any) -> Desk:
    worker, at_work = station.worker, station.at_work
    run = at_work.run if at_work else None
    left = words.duration(_seconds_until(at_work.estimated_end)) if at_work and at_work.estimated_end else ""
    return Desk(
        station,
        face=faces.get(run.pk) if run else None,
        owner=("you" if run.owner_id == user.pk else run.owner.username) if run else "",
        left=left,
        percent=showcase.percent(run) if run else 0,
        gone="" if worker.is_alive else gone.get(worker.name, _still_held(station)),
        silent=words.duration(-_seconds_until(worker.seen)),
    )


def _seconds_until(moment: datetime) -> float:
    return (moment - timezone.now()).total_seconds()


def _still_held(station: Station) -> str:
    return "Its run goes back to the queue in a moment." if station.at_work else "It had no run."


def _lines(shown: Iterable[Waiting], whole: Iterable[Waiting], faces: Mapping[UUID, Face], user: Any) -> list[Line]:
    """Places are changed only between runs of one owner and one priority."""
    groups: dict[Any, list[UUID]] = {}
    for one in whole:
        if one.run:
            groups.setdefault(_group(one.run), []).append(one.run.pk)
    made = []
    for one in shown:
        run = one.run
        group = groups[_group(run)] if run else []
        changes = run is not None and one.may_change
        face = faces.get(run.pk) if run else None
        is_mine = run is not None and run.owner_id == user.pk
        made.append(Line(one, face, is_mine, changes and group[0] != run.pk, changes and group[-1] != run.pk))  # type: ignore[union-attr]
    return made


def _group(run: Run) -> tuple[Any, ...]:
    return run.owner_id, run.held, run.priority


def _faces(runs: Sequence[Run], user: Any) -> dict[UUID, Face]:
    """Run id -> its picture, in four queries however many runs. A run's dataset may be another one's secret."""
    sheets = showcase.newest_sheets(runs)
    without = {run.dataset_id for run in runs if run.pk not in sheets}
    datasets = Dataset.objects.visible_to(user).filter(status=Dataset.Status.READY).in_bulk(without)
    found = {pk: _sheet_face(sample_payload(sheet)) for pk, sheet in sheets.items()}
    for run in runs:
        if run.pk not in sheets and run.dataset_id in datasets:
            found[run.pk] = _picture_face(datasets[run.dataset_id])
    return found


def _picture_face(dataset: Dataset) -> Face:
    sizes = [dataset.width or {}, dataset.height or {}]
    width, height = (int(size["max"]) if size.get("min") == size.get("max") else TILE for size in sizes)
    is_small = max(width, height) <= TILE
    return Face(facts.thumbnail(dataset, 0), width if is_small else TILE, height if is_small else TILE)


def _sheet_face(sheet: dict[str, Any]) -> Face:
    width, height = sheet["tile_width"], sheet["tile_height"]
    return Face(sheet["image"], width, height, width * sheet["columns"], height * sheet["rows"])


def _gone(silent: Sequence[Worker], user: Any) -> dict[str, str]:
    """Name of a worker that does not answer -> what became of the run that it had; what one may not see has no name."""
    if not silent:
        return {}
    recent = Transition.objects.order_by("-pk").values_list("worker", "run", "frm", "to", "created")[:MOVES]
    left = [(worker, run) for worker, run, frm, to, created in recent if frm in ACTIVE and to not in ACTIVE]
    last = {worker.name: next((run for name, run in left if name == worker.name), None) for worker in silent}
    runs = Run.objects.visible_to(user).only("name", "status", "worker").in_bulk([pk for pk in last.values() if pk])
    return {name: _fate(runs.get(pk)) for name, pk in last.items() if pk}


def _fate(run: Run | None) -> str:
    if run is None:
        return "Its run went back to the queue."
    if run.status in ACTIVE:
        return f"“{run.name}” goes on at {run.worker}."
    if run.status == Status.QUEUED:
        return f"“{run.name}” went back to the queue."
    return f"“{run.name}” is {run.get_status_display().lower()}."


def _now(stations: Sequence[Station], waiting: int) -> str:
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
