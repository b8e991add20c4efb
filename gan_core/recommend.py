"""Which recipe suits these pictures on this machine. Torch-free.

The best reason for a recipe (see `gan_core.reasons`) counts; from its points is taken what speaks against it: pictures of another size, and
a run of many hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from gan_core.config import TrainConfig
from gan_core.reasons import NOTHING, RULES, DatasetFacts, DeviceFacts, Point
from gan_core.recipes import RECIPES, Recipe

WORK: Mapping[str, float] = {"mlp": 0.02, "dcgan": 1, "resnet": 8, "fastgan": 20, "stylegan2": 20, "r3gan": 40}
"""Rough work of one picture at 64 pixels and widths of 64, in those of DCGAN; as `gan_core.estimate` measures it on a processor."""
PROCESSOR_RATE = 75
"""DCGAN pictures of 64 pixels that two cores train on in a second, fp32."""
PATIENCE = 6
"""Hours from which a run's length speaks against it."""
GOOD = 2
"""Points from which a recipe fits."""


@dataclass(frozen=True, slots=True)
class Advice:
    recipe: str
    suitable: bool
    """False if it cannot work on these pictures."""
    pill: str
    """Two to five words; may be empty."""
    reason: str
    """The same as a sentence; empty if there is none in particular."""
    score: float


def recommend(facts: DatasetFacts, device: DeviceFacts) -> list[Advice]:
    """All recipes, best first; those that cannot work come last."""
    return sorted((advise(recipe, facts, device) for recipe in RECIPES.values()), key=lambda one: (not one.suitable, -one.score))


def advise(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Advice:
    if (recipe.needs_classes or recipe.config.conditional) and not facts.has_classes:
        reason = "Classes are learnt from folders: put the pictures of each class into one of its own."
        return Advice(recipe.name, False, "Needs classes", reason, 0)
    point = max((found for rule in RULES if (found := rule(recipe, facts, device))), key=lambda one: one.score, default=NOTHING)
    length = hours(recipe.config, facts.count, device.times)
    late = 1.5 * max(0.0, log2(length / PATIENCE))
    score = point.score - distance(recipe.config, facts) - late
    if late > 2 and score < GOOD:
        point, score = _too_slow(length, device), min(0, score) - late
    return Advice(recipe.name, True, point.pill, point.reason, score)


def _too_slow(length: float, device: DeviceFacts) -> Point:
    if device.kind != "cpu":
        return NOTHING
    words = "days" if length > 30 else "about a day" if length > 18 else f"about {round(length)} hours"
    return Point(0, "Wants a GPU", f"On this processor it would take {words}.")


def hours(config: TrainConfig, count: int, speed: float = 1) -> float:
    """A rough guess at the length of a run on `count` pictures, for ranking only."""
    shown = config.discriminator_steps_until(config.total_steps(max(1, count))) * config.batch_size
    return shown * work(config) / (PROCESSOR_RATE * speed * 3600)


def work(config: TrainConfig) -> float:
    """Roughly, of one picture, in those of the usual DCGAN at 64 pixels."""
    widths = (config.generator_width**2 + config.discriminator_width**2) / (2 * 64**2)
    return WORK.get(config.architecture, 4) * widths * config.width * config.height / 64**2


def distance(config: TrainConfig, facts: DatasetFacts) -> float:
    """How far the drawn size is from the pictures' own: making them larger costs more than making them smaller."""
    if config.tiles:
        return 0
    doublings = log2(min(config.width, config.height) / max(1, facts.side))
    return min(2.0, 0.5 * doublings if doublings > 0 else -0.15 * doublings)
