"""The page of the queue: who works on what, who waits and why, what has just finished."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import words
from portal.runs import desks
from portal.runs.faces import Face, faces
from portal.runs.models import ENDED, Run
from portal.runs.waiting import Waiting, picture

PER_PAGE = 30
FINISHED = 5


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
    stations = desks.stations(seen)
    shown = [one.run for one in seen.running] + [one.run for one in page]
    known = faces([run for run in shown if run], request.user)
    context = {
        "now": desks.now(stations, len(seen.waiting)),
        "desks": desks.desks(stations, known, request.user),
        "page": page,
        "lines": _lines(page.object_list, seen.waiting, known, request.user),
        "finished": _just_finished(request.user),
    }
    return render(request, "runs/queue.html", context)


def _just_finished(user: Any) -> Any:
    ended = Run.objects.visible_to(user).filter(status__in=ENDED, finished__isnull=False)
    return ended.select_related("owner").defer("log_tail", "config").order_by("-finished")[:FINISHED]


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
