"""The recommender's view of the portal: facts of a dataset, and of the devices that have trained here."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gan_core.config import TrainConfig
from gan_core.reasons import DatasetFacts, DeviceFacts
from gan_core.recipes import RECIPES, Recipe
from gan_core.recommend import GOOD, PROCESSOR_RATE, Advice, recommend, work
from portal.datasets.models import Dataset
from portal.estimates.likeness import COLOURLESS
from portal.estimates.models import Estimate
from portal.runs.models import Run

RECENT = 20
"""Runs that are looked through for the device and its speed."""


@dataclass(frozen=True, slots=True)
class Fit:
    recipe: Recipe
    suitable: bool
    """False if it cannot work on these pictures."""
    fits: bool
    """Something speaks for it in particular."""
    pill: str
    """Why, or why not, in two to five words; `reason` as a sentence. May be empty."""
    reason: str


def rank(dataset: Dataset) -> list[Fit]:
    """All recipes, best first; those that cannot work come last. In their own order while nothing is known of the pictures."""
    if dataset.status != Dataset.Status.READY:
        return [Fit(recipe, True, False, "", "") for recipe in RECIPES.values()]
    return [_fit(advice) for advice in recommend(dataset_facts(dataset), device_facts())]


def _fit(advice: Advice) -> Fit:
    return Fit(RECIPES[advice.recipe], advice.suitable, advice.suitable and advice.score >= GOOD, advice.pill, advice.reason)


def dataset_facts(dataset: Dataset) -> DatasetFacts:
    count = max(1, dataset.image_count)
    return DatasetFacts(
        count=dataset.image_count,
        width=_median(dataset.width),
        height=_median(dataset.height),
        grey=sum(number for mode, number in dataset.modes.items() if mode in COLOURLESS) / count,
        transparent=dataset.transparent_count / count,
        classes=tuple(one["count"] for one in dataset.classes),
        boxes=dataset.boxes,
    )


def _median(sizes: Any) -> float:
    return float((sizes or {}).get("median") or 64)


def device_facts() -> DeviceFacts:
    """Of the newest runs and dry runs. A GPU counts as soon as one of them had it."""
    runs = Run.objects.exclude(device="").exclude(images_per_second=None).order_by("-last_sampled")
    dry = list(Estimate.objects.valid().exclude(seconds_per_step=None).order_by("-measured")[:RECENT])
    rows = runs.values_list("config", "images_per_second", "device")[:RECENT]
    seen = [(config, rate, not _is_processor(device)) for config, rate, device in rows]
    seen += [(one.config, _rate(one), one.is_gpu) for one in dry]
    if not seen:
        return DeviceFacts()
    has_gpu = any(on_gpu for _, _, on_gpu in seen)
    speeds = [_speed(config, rate) for config, rate, on_gpu in seen if on_gpu is has_gpu]
    return DeviceFacts("cuda" if has_gpu else "cpu", max(speeds) or None)


def _is_processor(device: str) -> bool:
    return device.startswith("CPU")


def _rate(estimate: Estimate) -> float:
    """Real pictures a second."""
    assert estimate.seconds_per_step
    return float(estimate.config["batch_size"] * estimate.config["discriminator_steps"] / estimate.seconds_per_step)


def _speed(config: Any, rate: float | None) -> float:
    """In the recommender's measure; 0 where the settings are no longer understood. Small networks leave a device idle, so the highest tells."""
    try:
        return (rate or 0) * work(TrainConfig.model_validate(config)) / PROCESSOR_RATE
    except ValidationError:
        return 0
