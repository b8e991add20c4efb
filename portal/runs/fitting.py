"""Which recipe suits these pictures: judged by what the recipe's configuration asks for and what the dataset has."""

from dataclasses import dataclass
from typing import Any

from gan_core.config import TrainConfig
from gan_core.recipes import RECIPES, Recipe
from portal import words
from portal.datasets.models import Dataset

FEW = 60
"""Below this many pictures, recipes for small data come first."""


@dataclass(frozen=True, slots=True)
class Fit:
    recipe: Recipe
    suitable: bool
    reason: str
    """Why it fits or does not, in two to five words; may be empty."""
    score: float


def is_grey(dataset: Dataset) -> bool:
    return bool(dataset.modes) and set(dataset.modes) <= {"1", "L", "LA", "I", "I;16", "F"}


def is_transparent(dataset: Dataset) -> bool:
    return dataset.transparent_count * 2 > dataset.image_count


def rank(dataset: Dataset) -> list[Fit]:
    """All recipes, best first; those that cannot work come last, with the reason."""
    fits = [judge(recipe, dataset) for recipe in RECIPES.values()]
    return sorted(fits, key=lambda fit: (not fit.suitable, -fit.score))


def judge(recipe: Recipe, dataset: Dataset) -> Fit:
    if dataset.status != Dataset.Status.READY:
        return Fit(recipe, True, "", 0)  # nothing is known of the pictures yet
    if recipe.needs_classes and len(dataset.classes) < 2:
        return Fit(recipe, False, "Needs classes", 0)
    score, reason = max(_reasons(recipe.config, dataset), default=(0.0, ""))
    return Fit(recipe, True, reason, score - _distance(recipe.config, dataset) - 0.1 * (recipe.config.objective == "wasserstein"))


def _reasons(config: TrainConfig, dataset: Dataset) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    grey, transparent, few = is_grey(dataset), is_transparent(dataset), dataset.image_count < FEW
    if few and config.batch_size <= 8:
        found.append((6, f"For {words.counted(dataset.image_count, 'picture')}"))
    if grey and config.channels == "auto":
        found.append((5, "Fits grey pictures"))
    if transparent and config.channels == "rgba":
        found.append((5, "Keeps transparency"))
    if not grey and not transparent and config.conditional and len(dataset.classes) > 1 and not few:
        found.append((4, f"Learns your {len(dataset.classes)} classes"))
    if not grey and not transparent and config.channels == "rgb" and not few:
        found.append((3, "Fits your pictures"))
    return found


def _distance(config: TrainConfig, dataset: Dataset) -> float:
    """How far the drawn size is from the pictures' own, in doublings, capped."""
    median: Any = (dataset.width or {}).get("median") or config.width
    ratio = max(median, config.width) / min(median, config.width)
    return float(min(1.5, (ratio - 1) * 0.5))
