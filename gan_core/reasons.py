"""What speaks for a recipe: facts of the pictures and of the device, and the rules that give points with a reason. Torch-free.

A rule looks at what a recipe is for and at its configuration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gan_core.recipes import Recipe

DOZEN, FEW, SOME, MANY = 24, 100, 500, 2000
"""Pictures up to which a dataset is a dozen, few, some; and from which there are many."""
TINY, LARGE = 40, 400
"""Pixels: sides up to which pictures are tiny, and from which they are large."""
CLASS_PICTURES = 20
"""A class of fewer pictures can hardly be learnt by itself."""
GPU_SPEED = 40
"""How many times as fast as PROCESSOR_RATE a GPU is, where nothing was measured."""


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    count: int
    width: float
    """Median, pixels; `height` likewise."""
    height: float
    grey: float
    """Share of pictures without colour, 0..1; `transparent` likewise."""
    transparent: float
    classes: tuple[int, ...] = ()
    """Pictures of each class."""
    boxes: int = 0
    """Subjects that annotations mark."""

    @property
    def side(self) -> float:
        return min(self.width, self.height)

    @property
    def has_classes(self) -> bool:
        return len(self.classes) > 1

    @property
    def is_grey(self) -> bool:
        return self.grey > 0.98


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Where runs are trained. Unknown is ranked as a processor: the wrong guess then costs some quality, the other one days."""

    kind: Literal["cpu", "cuda", "unknown"] = "unknown"
    speed: float | None = None
    """In PROCESSOR_RATE of `gan_core.recommend`; None where nothing was measured."""

    @property
    def times(self) -> float:
        return self.speed or (GPU_SPEED if self.kind == "cuda" else 1)


@dataclass(frozen=True, slots=True)
class Point:
    score: float
    pill: str
    reason: str


NOTHING = Point(0, "", "")
Rule = Callable[[Recipe, DatasetFacts, DeviceFacts], Point | None]


def _for_few(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    purpose, count = recipe.purpose, facts.count
    told = f"You have {_thin(count)} pictures"
    if purpose == "dozen" and count <= DOZEN:
        return Point(8, f"For {count} pictures", f"{told}: this shows a handful of them in each short step.")
    if purpose == "few" and count <= SOME:
        return Point(8 if DOZEN < count <= FEW else 6, "Learns from few", f"{told}: this learns from few, as it alters them a little each time.")
    if recipe.config.batch_size <= 8 and count <= FEW:
        return Point(4, f"For {count} pictures", f"{told}: few enough for its small batches.")
    return None


def _for_tiny(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if facts.side > TINY or facts.count <= FEW or recipe.config.channels not in (("auto", "grey") if facts.is_grey else ("auto", "rgb")):
        return None
    kind = f"{'grey and ' if facts.is_grey else ''}{facts.side:.0f} pixels small"
    scores = {"quick": 6.0, "compare": 5.0}
    purpose = recipe.purpose
    if purpose not in scores:
        return None
    score = scores[purpose] + 0.4 * (recipe.config.conditional and _learnable(facts)) - 0.1 * (recipe.config.objective == "wasserstein")
    ends = "this draws the first ones within minutes." if purpose == "quick" else "this is made for such, and for comparing losses."
    return Point(score, f"Fits {'grey' if facts.is_grey else 'small'} pictures", f"Your pictures are {kind}: {ends}")


def _for_transparency(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if facts.transparent <= 0.5 or recipe.config.channels != "rgba":
        return None
    return Point(6.5, "Keeps transparency", "Most of your pictures have transparent parts: this keeps them so.")


def _for_boxes(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if not facts.boxes or not recipe.config.crop_to_boxes:
        return None
    return Point(
        5.5 + 0.2 * recipe.config.conditional,
        "Cuts out the subjects",
        f"Annotations mark {_thin(facts.boxes)} subjects in your pictures: this cuts each one out.",
    )


def _for_classes(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if not recipe.config.conditional:
        return None
    if not _learnable(facts):
        return Point(0.5, "Small classes", f"Your smallest class has {min(facts.classes)} pictures: too few to be learnt by itself.")
    score = {"classes": 5.0, "classic": 4.5, "quality": 4.0}.get(recipe.purpose, 3.5)
    told = f"Your pictures are in {len(facts.classes)} folders: this learns each as a class, so that you can ask for one."
    return Point(score - 0.3 * (recipe.config.class_method == "auxiliary"), f"Learns your {len(facts.classes)} classes", told)


def _for_large(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if facts.side < LARGE or facts.has_classes or facts.count > MANY or recipe.purpose != "maps":
        return None
    told = f"Your pictures are {facts.width:.0f} × {facts.height:.0f} pixels: this draws them at {recipe.config.width}, or random pieces of them."
    return Point(5 - 0.1 * (recipe.config.objective == "wasserstein"), "For large pictures", told)


def _for_many(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if recipe.purpose != "quality" or facts.count < MANY or device.kind != "cuda":
        return None
    told = f"You have {_thin(facts.count)} pictures and a GPU: enough for the best pictures that Ganvas draws."
    learns = 0.5 if recipe.config.conditional and _learnable(facts) else 0.0
    return Point((6.2 if recipe.config.architecture == "r3gan" else 5.8) + learns, "For many pictures", told)


def _for_colour(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if facts.is_grey or facts.transparent > 0.5 or recipe.config.conditional or recipe.config.channels not in ("auto", "rgb"):
        return None
    score = {"cartoons": 3.4, "classic": 3.2, "quality": 2.6, "steady": 2.4}.get(recipe.purpose)
    told = "Your pictures are in colour: a good place to start, at the size most people train."
    return Point(score, "Fits your pictures", told) if score and facts.count > DOZEN else None


def _for_haste(recipe: Recipe, facts: DatasetFacts, device: DeviceFacts) -> Point | None:
    if recipe.purpose != "quick" or device.kind == "cuda" or facts.count <= DOZEN:
        return None
    place = "On this processor it" if device.kind == "cpu" else "It"
    return Point(
        2.8 + 0.2 * (recipe.config.conditional and _learnable(facts)), "First pictures soon", f"{place} shows first pictures within minutes."
    )


RULES: tuple[Rule, ...] = (_for_few, _for_tiny, _for_transparency, _for_boxes, _for_classes, _for_large, _for_many, _for_colour, _for_haste)


def _learnable(facts: DatasetFacts) -> bool:
    return facts.has_classes and min(facts.classes) >= CLASS_PICTURES


def _thin(number: int) -> str:
    """14200 -> "14 200" with a thin space."""
    return f"{number:,}".replace(",", "\u202f")
