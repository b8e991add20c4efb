"""The recipes: named, complete configurations. Torch-free; adding one is adding one entry to `presets` or `originals`."""

from collections.abc import Mapping
from typing import Any

from gan_core.config import TrainConfig
from gan_core.recipes.originals import ORIGINALS
from gan_core.recipes.presets import PRESETS
from gan_core.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe", "configure", "get"]

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (*PRESETS, *ORIGINALS)}


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        KeyError: there is none.
    """
    return RECIPES[name]


def configure(recipe: str | None, changes: Mapping[str, Any]) -> TrainConfig:
    """A recipe's configuration (the defaults, if None) with some fields changed. Setting steps drops the recipe's epochs, and the reverse.

    Raises:
        KeyError: there is no such recipe.
        pydantic.ValidationError: the changes are wrong, alone or together.
    """
    values: dict[str, Any] = get(recipe).config.model_dump() if recipe else {}
    for given, other in (("steps", "epochs"), ("epochs", "steps")):
        if changes.get(given) is not None and changes.get(other) is None:
            values[other] = None
    return TrainConfig.model_validate({**values, **changes})
