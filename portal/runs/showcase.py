"""Pictures of runs for the pages: cards of the wall, films of eight moments, faces of recipes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery, Window
from django.db.models.functions import Greatest, Mod, RowNumber

from gan_core.recipes import RECIPES
from portal import words
from portal.runs.models import ACTIVE, Run, Sample, Status
from portal.runs.payloads import sample_payload
from portal.runs.waiting import Waiting
from portal.visibility import may_see

MOMENTS = 8
RECENT = 200
"""Runs that are looked through for a face of each recipe, and for the hero's films."""
COUNTED = ("recipe", "step", "dataset__image_count", "dataset__annotated", "dataset__boxes")
"""Columns that tell how far a run of a recipe went."""


@dataclass(frozen=True, slots=True)
class Card:
    """One run on the wall."""

    run: Run
    dataset: str
    """The name of its dataset; blank for whom may not see that."""
    sheet: Sample | None
    """Its newest one."""
    across: int
    """Tiles a side of the crop that the card shows."""
    film: Sequence[Sample]
    """Sheets from first to newest; only for the big card."""
    turn: str
    """Of a waiting run: its place and when it starts."""

    @property
    def is_big(self) -> bool:
        return bool(self.film)

    @property
    def percent(self) -> int:
        return percent(self.run)

    @property
    def left(self) -> str:
        return words.time_left(self.run.eta_seconds).lower()


def percent(run: Run) -> int:
    return min(100, 100 * run.step // run.total_steps) if run.total_steps else 0


def across(sheet: Sample) -> int:
    """Tiles a side that fit a card of some 260 pixels: fewer for bigger tiles."""
    side = max(sheet.tile_width, sheet.tile_height)
    wanted = 6 if side <= 32 else 4 if side <= 64 else 3 if side <= 128 else 2
    return min(wanted, sheet.columns, sheet.rows)


def newest_sheets(runs: Iterable[Run]) -> dict[Any, Sample]:
    """Run id -> its newest sheet, in one query however many runs."""
    newest = Sample.objects.series().filter(run=OuterRef("pk")).order_by("-step").values("pk")[:1]
    ids = Run.objects.filter(pk__in=[run.pk for run in runs]).order_by().values(newest=Subquery(newest))
    return {sample.run_id: sample for sample in Sample.objects.filter(pk__in=ids).order_by().defer("nearest")}


def films(runs: Iterable[Any]) -> dict[Any, list[Sample]]:
    """Id of each run with sheets -> those from its first to its newest, evenly thinned to MOMENTS. In one query however many runs."""
    place = Window(RowNumber(), partition_by="run", order_by="step") - 1
    last = Window(Count("pk"), partition_by="run") - 1
    # Of so many steps of the same length from the first place to the last, those places at which one more is done.
    done = Mod(place * (MOMENTS - 1), Greatest(last, 1))
    shown = Sample.objects.series().filter(run__in=runs).annotate(done=done).filter(done__lt=MOMENTS - 1)
    found: dict[Any, list[Sample]] = {}
    for sheet in shown.defer("nearest").order_by("step"):
        found.setdefault(sheet.run_id, []).append(sheet)
    return found


def cards(runs: Sequence[Run], user: Any, queue: Mapping[Any, Waiting], liked: Sequence[Any], *, with_big: bool) -> list[Card]:
    """The wall: the first run at work that has pictures comes first and big, else the one liked last.

    `queue` has the waiting runs whose turn is to be told, `liked` the ids of runs with favourites, the newest first.
    """
    sheets = newest_sheets(runs)
    pictured = {run.pk: run for run in runs if run.pk in sheets}
    candidates = [*(run for run in pictured.values() if run.status in ACTIVE), *(pictured[pk] for pk in liked if pk in pictured)]
    big = candidates[0] if with_big and candidates else None
    ordered = sorted(runs, key=lambda run: run is not big)
    made = []
    for run in ordered:
        sheet, line, dataset = sheets.get(run.pk), queue.get(run.pk), run.dataset
        name = dataset.name if may_see(user, dataset.visibility, dataset.owner_id) else ""
        turn = words.turn(line.position, line.estimated_start) if line else ""
        made.append(Card(run, name, sheet, across(sheet) if sheet else 0, films([run.pk]).get(run.pk, ()) if run is big else (), turn))
    return made


def ribbon(user: Any) -> list[list[dict[str, Any]]]:
    """Films of up to three finished runs that this visitor may see, the longest trained of the newest, for the hero; empty while there are none."""
    done = Run.objects.visible_to(user).filter(status=Status.COMPLETED).order_by("-last_sampled").values_list("pk", "step")[:RECENT]
    longest = [pk for pk, _ in sorted(done, key=lambda one: one[1], reverse=True)]
    eighth = Sample.objects.series().filter(run=OuterRef("pk")).order_by("step").values("pk")[MOMENTS - 1 : MOMENTS]
    rich = set(Run.objects.filter(Exists(eighth), pk__in=longest).values_list("pk", flat=True))
    chosen = [pk for pk in longest if pk in rich][:3]
    shown = films(chosen)
    return [[sample_payload(sheet) for sheet in shown[pk]] for pk in chosen if pk in shown]


def faces(user: Any) -> dict[str, dict[str, Any]]:
    """Recipe -> newest sheet of a run made with it that went at least half its way, as far as this visitor may see one."""
    done = Run.objects.visible_to(user).filter(status=Status.COMPLETED, recipe__in=list(RECIPES)).select_related("dataset").only(*COUNTED)
    found: dict[str, Run] = {}
    for run in done.order_by("-last_sampled")[:RECENT]:
        recipe = RECIPES[run.recipe].config
        if 2 * run.step >= recipe.total_steps(run.dataset.training_count(recipe)):
            found.setdefault(run.recipe, run)
    sheets = newest_sheets(found.values())
    return {name: sample_payload(sheets[run.pk]) for name, run in found.items() if run.pk in sheets}
