"""Everything a run's page shows, gathered: for the template, and as JSON for its scripts."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from gan_core.recipes import RECIPES
from portal import words
from portal.addresses import address
from portal.runs import keeping, showcase, summaries
from portal.runs.classes import class_names
from portal.runs.models import ACTIVE, ENDED, Artifact, Favourite, Run, Status
from portal.runs.payloads import run_payload, sample_payload
from portal.runs.settings_form import SettingsForm
from portal.runs.shown_scores import ShownScores, shown_scores
from portal.runs.shown_verdict import shown_verdict
from portal.visibility import may_change, may_see

HISTORY = 30
BESTS = 8
"""Scores of the history that were the best when they came."""
OF_CLASSES = 50
"""Sheets of one class that are linked for those without scripts."""
CHANCE_LEVEL = {"non-saturating": 0.693147}
"""Objective -> loss of a discriminator that can only guess; the dashed line of the chart."""


def run_page(run: Run, user: Any, wanted_step: str) -> dict[str, Any]:
    series = run.samples.series().annotate(compared=Q(nearest__isnull=False)).order_by("step")
    sheets = list(series.values_list("pk", "step", "epoch", "created", "compared"))
    shown = chosen(sheets, wanted_step)
    newest = run.samples.defer("nearest").filter(pk=sheets[shown][0]).first() if sheets else None
    config = run.train_config
    scores = shown_scores(run)
    data = page_data(run, newest, sheets, wanted_step)
    own = Favourite.objects.of(user).filter(sample__run=run).order_by("tile")
    liked = list(own.annotate(series=Q(sample__label=None)).values_list("sample", "tile", "series"))
    can_change = may_change(user, run.owner_id)
    dataset_visible = may_see(user, run.dataset.visibility, run.dataset.owner_id)
    files = list(run.artifacts.order_by("-step", "-pk"))
    saved = [one for one in files if one.kind == Artifact.Kind.CHECKPOINT]
    return {
        "run": run,
        "config": config,
        "can_change": can_change,
        "dataset_visible": dataset_visible,
        "percent": showcase.percent(run),
        "verdict": shown_verdict(run),
        "time_left": words.time_left(run.eta_seconds),
        "is_active": run.status in ACTIVE,
        "is_over": run.status in ENDED,
        "sheet": sample_payload(newest) if newest else None,
        "sheet_number": shown + 1,
        "sheet_count": len(sheets),
        "earlier": sheets[shown - 1][1] if shown else None,
        "later": sheets[shown + 1][1] if shown + 1 < len(sheets) else None,
        "classes": class_names(run),
        "augmentation": run.losses.order_by("-step").values_list("augmentation", flat=True).first() or 0.0,
        "of_classes": [sample_payload(one) for one in run.samples.exclude(label=None).order_by("-step", "label")[:OF_CLASSES]],
        "scores": scores,
        "history": history(run, scores, saved, user, with_details=can_change),
        "downloads": downloads(run, [one for one in files if one.kind == Artifact.Kind.WEIGHTS]),
        "checkpoints": [checkpoint(one) for one in saved],
        "pins": keeping.PINS,
        "liked": [tile + 1 for sample, tile, _ in liked if newest and sample == newest.pk],
        "facts": summaries.facts(config),
        "recipe_words": recipe_words(run),
        "turn": words.turn(data["run"]["queue_position"], data["run"]["estimated_start"]) if run.status == Status.QUEUED else "",
        "waiting_for": data["run"]["waiting_for"],
        "log": run.log_tail,
        "data": {
            **data,
            "canChange": can_change,
            "mayCompare": dataset_visible,
            "favourites": [[sample, tile, int(series)] for sample, tile, series in liked] if user.is_authenticated else None,
            "scored": scores.newest.step if scores.newest else -1,
        },
    }


def chosen(sheets: list[tuple[Any, ...]], wanted_step: str) -> int:
    """Place of the sheet to show: the last one not after the wanted step, else the newest."""
    if wanted_step.isdecimal():
        return max(0, bisect_right([sheet[1] for sheet in sheets], int(wanted_step)) - 1)
    return max(0, len(sheets) - 1)


def page_data(run: Run, newest: Any, sheets: list[tuple[Any, ...]], wanted_step: str) -> dict[str, Any]:
    """What the scripts start from; sheets as short rows, for there may be thousands."""
    image = reverse("api:run-sample-image", args=[run.pk, 0])
    return {
        "run": run_payload(run),
        "api": reverse("api:run-detail", args=[run.pk]),
        "image": image.replace("/0/", "/{step}/") + "?v={id}",
        "sheet": sample_payload(newest) if newest else None,
        "sheets": [[pk, step, round(epoch, 2), int(created.timestamp()), int(compared)] for pk, step, epoch, created, compared in sheets],
        "wanted": int(wanted_step) if wanted_step.isdecimal() else None,
        "chance": CHANCE_LEVEL.get(run.config["objective"]) if not run.config["invert_labels"] else None,
        "classes": class_names(run),
        "now": int(timezone.now().timestamp()),
    }


def recipe_words(run: Run) -> str:
    if run.recipe not in RECIPES:
        return run.recipe or "none"
    changed = len(SettingsForm.fresh(run.recipe, run.config).changes)
    title = RECIPES[run.recipe].title
    return f"{title}, {words.counted(changed, 'change')}" if changed else title


def history(run: Run, scores: ShownScores, checkpoints: Sequence[Artifact], user: Any, *, with_details: bool) -> list[dict[str, Any]]:
    """Moves, changes, verdicts, checkpoints and best scores, newest first."""
    rows = list(run.transitions.order_by("-created", "-pk")[:HISTORY])
    origins = Run.objects.visible_to(user).only("name").in_bulk([move.origin_id for move in rows if move.origin_id])
    moves: list[dict[str, Any]] = [
        {"when": move.created, "text": move_words(move, with_details), "rank": 1, "origin": origins.get(move.origin_id)} for move in rows
    ]
    saved = [{"when": one.created, "text": f"Checkpoint at step {words.number(one.step)}", "rank": 0} for one in checkpoints[:5]]
    best = [
        {"when": one.created, "text": f"New best score, KID {words.score(one.kid)}, at step {words.number(one.step)}", "rank": 0}
        for one in scores.bests[:BESTS]
    ]
    return sorted(moves + saved + best, key=lambda event: (event["when"], event["rank"]), reverse=True)[:HISTORY]


def move_words(move: Any, with_details: bool) -> str:
    text = f"{move.reason} {move.detail}".rstrip() if with_details else str(move.reason)
    if move.actor_name and not text.endswith(f" by {move.actor_name}"):
        text += f" by {move.actor_name}"
    if not move.step:
        return text
    if move.frm != move.to:
        return f"{text}, at step {words.number(move.step)}"
    told = str(move.step) in text.replace(" ", "").replace(words.THIN, "")
    return text if told else f"Step {words.number(move.step)}: {text}"


def downloads(run: Run, weights: Sequence[Artifact]) -> list[dict[str, Any]]:
    """Rows of the download card, of what really exists: the best weights, the newest if they are others, and their card."""
    rows = []
    best = next((one for one in weights if one.best), None)
    if best:
        rows.append(_weights(best, f"Weights, best, step {words.number(best.step)}", "?which=best"))
    if weights and weights[0] != best:
        title = f"Weights, newest, step {words.number(weights[0].step)}" if best else f"Weights, step {words.number(weights[0].step)}"
        rows.append(_weights(weights[0], title, ""))
    if rows:
        card = reverse("api:run-card", args=[run.pk])
        rows.append({"icon": "file-text", "title": "Model card", "detail": "what it is and how to use it", "url": card})
    return rows


def checkpoint(one: Artifact) -> dict[str, Any]:
    """What training can go on from, and why it is still there."""
    why = [word for word, holds in (("best", one.best), ("kept", one.pinned)) if holds]
    detail = " · ".join([words.size(one.bytes), *why])
    url = address("api:run-artifact", one.run_id, one.pk)
    return {"step": one.step, "title": f"Step {words.number(one.step)}", "detail": detail, "pinned": one.pinned, "url": url}


def _weights(artifact: Artifact, title: str, query: str) -> dict[str, Any]:
    url = address("api:run-weights", artifact.run_id) + query
    return {"icon": "box", "title": title, "detail": f"safetensors · {words.size(artifact.bytes)}", "url": url, "sha256": artifact.sha256}
