"""What the scripts of the launch page ask after each change. Nothing here launches anything."""

from dataclasses import asdict
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST
from rest_framework.throttling import ScopedRateThrottle

from gan_core.recipes import RECIPES
from portal.datasets.models import Dataset
from portal.estimates.ask import ask
from portal.estimates.likeness import settle
from portal.runs import told
from portal.runs.new import dataset_of, posted
from portal.runs.settings_form import SettingsForm


@login_required
@require_POST
def check(request: HttpRequest) -> JsonResponse:
    """What the form's scripts show after a change: errors, changed fields, summary lines, time."""
    dataset, form = _asked(request)
    groups = form.groups(form.training_count(dataset))
    answer: dict[str, Any] = {
        "errors": form.errors,
        "changed": {one.name: [one.base_words, one.words] for group in groups for one in group.settings if one.changed},
        "summaries": {group.name: group.summary for group in groups},
        "place": told.place(request.user),
        "told": asdict(told.of(form, dataset)),
    }
    return JsonResponse(answer)


class Asking:
    """What the rate limit goes by; the REST call `runs/estimate/` counts together with the page's."""

    throttle_scope = "estimate"


@login_required
@require_POST
def measure(request: HttpRequest) -> JsonResponse:
    """What is known of time and memory of the settings as they stand; has them measured if nothing is. Asked again while more is to come."""
    dataset, form = _asked(request)
    if not ScopedRateThrottle().allow_request(cast(Any, request), cast(Any, Asking)):
        return JsonResponse({"told": asdict(told.Told())}, status=429)
    if form.config and dataset.status == Dataset.Status.READY:
        ask(request.user, settle(form.config, dataset))
    return JsonResponse({"told": asdict(told.of(form, dataset))})


def _asked(request: HttpRequest) -> tuple[Dataset, SettingsForm]:
    recipe = request.GET.get("recipe")
    return dataset_of(request), SettingsForm.posted(recipe if recipe in RECIPES else None, posted(request))
