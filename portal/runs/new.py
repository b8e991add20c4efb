"""A new run in three steps: pictures, recipe, settings. Each step is an address of its own and works without scripts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError as NotAnId
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from pydantic import ValidationError

from gan_core.config import TrainConfig
from gan_core.recipes import RECIPES
from portal.datasets import samples
from portal.datasets.models import Dataset
from portal.runs import recipe_cards, told
from portal.runs.launch import LaunchRefused, launch
from portal.runs.models import Run
from portal.runs.settings_form import SettingsForm
from portal.runs.sharing_form import NEEDS, SharingForm
from portal.visibility import Visibility

NO_RECIPE = "none"
"""`?recipe=` of the form that starts from TrainConfig's defaults."""


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """The step that the address asks for: it names the dataset, then the recipe, or a run to clone."""
    source = _cloned(request)
    if source:
        dataset = Dataset.objects.visible_to(request.user).filter(pk=source.dataset_id).first()
        return settings(request, dataset, source.recipe or None, source) if dataset else choose_pictures(request)
    if not request.GET.get("dataset"):
        return choose_pictures(request)
    dataset = dataset_of(request)
    recipe = request.GET.get("recipe", "")
    if not recipe:
        return choose_recipe(request, dataset)
    if recipe != NO_RECIPE and recipe not in RECIPES:
        raise Http404("There is no such recipe.")
    return settings(request, dataset, None if recipe == NO_RECIPE else recipe)


def choose_pictures(request: HttpRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).exclude(status=Dataset.Status.FAILED).select_related("owner")
    user: Any = request.user
    mine = set(Dataset.objects.filter(owner=user).values_list("sample", flat=True))
    context = {"datasets": datasets[:48], "samples": [one for one in samples.available() if one.name not in mine]}
    return render(request, "runs/new_pictures.html", context)


def choose_recipe(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    cards = recipe_cards.cards(dataset, request.user)
    context = {"dataset": dataset, "families": recipe_cards.families(cards), "any_time": any(card.time for card in cards)}
    return render(request, "runs/new_recipe.html", context)


def settings(request: HttpRequest, dataset: Dataset, recipe: str | None, source: Run | None = None) -> HttpResponse:
    recipe = recipe if recipe in RECIPES else None
    if request.method == "POST":
        form, sharing = SettingsForm.posted(recipe, posted(request)), SharingForm(request.POST, user=request.user)
        run = _launched(request, dataset, form, sharing, source)
        if run:
            return redirect(run)
    else:
        form = SettingsForm.fresh(recipe, source.config if source else None, wished(request))
        sharing = SharingForm(initial=_first_sharing(dataset, recipe, source), user=request.user)
    problems = _problems(form, sharing)
    context = {
        "dataset": dataset,
        "recipe": RECIPES.get(recipe or ""),
        "recipe_key": recipe or NO_RECIPE,
        "source": source,
        "wishes": form.wished_words(source.config) if source else [],
        "form": form,
        "groups": form.groups(form.training_count(dataset)),
        "sharing": sharing,
        "problems": problems,
        "first_preview": _preview(form),
        "place": told.place(request.user),
        "told": told.of(form, dataset),
    }
    return render(request, "runs/new_settings.html", context, status=422 if problems and request.method == "POST" else 200)


def _launched(request: HttpRequest, dataset: Dataset, form: SettingsForm, sharing: SharingForm, source: Run | None) -> Run | None:
    if not sharing.is_valid() or form.errors:
        return None
    try:
        run = launch(request.user, dataset, recipe=form.recipe, changes=form.changes, needs=sharing.needs, origin=source, **sharing.shared)
    except ValidationError as error:
        form.add_errors(error)
    except LaunchRefused as refusal:
        form.errors.setdefault(refusal.field, str(refusal))
    else:
        messages.success(request, "Launched. You can leave this page; training goes on.")
        return run
    return None


def _preview(form: SettingsForm) -> str:
    """Query of the picture that shows what the network will see, for the page without scripts."""
    names, switches = ("width", "height", "channels", "fit", "background", "tiles", "tile_scale"), ("mirror", "crop_to_boxes")
    return urlencode({name: form.values[name] for name in names} | {name: "true" if form.values[name] else "false" for name in switches})


def _problems(form: SettingsForm, sharing: SharingForm) -> list[dict[str, str]]:
    """The error summary: each with the field it belongs to."""
    labels = {name: info.title or name for name, info in TrainConfig.model_fields.items()}
    found = [{"field": name if name in labels else "", "label": labels.get(name, ""), "text": text} for name, text in form.errors.items()]
    found += [{"field": name, "label": str(sharing.fields[name].label), "text": str(texts[0])} for name, texts in sharing.errors.items()]
    return found


def _first_sharing(dataset: Dataset, recipe: str | None, source: Run | None) -> dict[str, Any]:
    if source:
        needs = {name: getattr(source, name) for name in NEEDS}
        return {"name": f"{source.name}, again"[:200], "visibility": source.visibility, "priority": 0, **needs}
    title = RECIPES[recipe].title if recipe else ""
    name = f"{dataset.name}, {title[0].lower()}{title[1:]}" if title else dataset.name
    return {"name": name[:200], "visibility": Visibility.PRIVATE, "priority": 0}


def posted(request: HttpRequest) -> Mapping[str, str]:
    return {name: str(value) for name, value in request.POST.items()}


def wished(request: HttpRequest) -> dict[str, str]:
    """Settings that the address asks for, `?set=name=value` once for each; names that are none are passed over."""
    pairs = (one.partition("=") for one in request.GET.getlist("set"))
    return {name: value for name, _, value in pairs if name in TrainConfig.model_fields}


def dataset_of(request: HttpRequest) -> Dataset:
    try:
        dataset: Dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=request.GET.get("dataset", ""))
    except NotAnId as error:
        raise Http404("There is no such dataset.") from error
    return dataset


def _cloned(request: HttpRequest) -> Run | None:
    if not request.GET.get("clone"):
        return None
    try:
        run: Run = get_object_or_404(Run.objects.visible_to(request.user).select_related("dataset"), pk=request.GET["clone"])
    except NotAnId as error:
        raise Http404("There is no such run.") from error
    return run
