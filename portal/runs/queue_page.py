"""The page of the queue: who works on what, who waits and why, what has just finished."""

from collections.abc import Mapping
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
from portal.runs import desks, waiting
from portal.runs.faces import Face, faces
from portal.runs.models import ENDED, Run
from portal.runs.waiting import Waiting

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
    whole = waiting.queue()
    page = Paginator(whole.waiting, PER_PAGE).get_page(request.GET.get("page"))
    shown = Run.objects.filter(pk__in=[one.pk for one in page])
    seen = waiting.picture(request.user, whole, list(page), shown.defer("config", "verdict", "log_tail", "error"))
    stations = desks.stations(seen)
    known = faces([run for run in [*(one.run for one in seen.running), *(one.run for one in seen.waiting)] if run], request.user)
    context = {
        "now": desks.now(stations, len(whole.waiting)),
        "desks": desks.desks(stations, known, request.user),
        "page": page,
        "lines": [_line(one, known, request.user) for one in seen.waiting],
        "finished": _just_finished(request.user),
    }
    return render(request, "runs/queue.html", context)


def _just_finished(user: Any) -> Any:
    ended = Run.objects.visible_to(user).filter(status__in=ENDED, finished__isnull=False)
    return ended.select_related("owner").defer("log_tail", "config").order_by("-finished")[:FINISHED]


def _line(one: Waiting, faces: Mapping[UUID, Face], user: Any) -> Line:
    face = faces.get(one.run.pk) if one.run else None
    is_mine = one.run is not None and one.run.owner_id == user.pk
    return Line(one, face, is_mine, one.may_change and not one.is_first, one.may_change and not one.is_last)
