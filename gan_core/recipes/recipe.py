"""What a recipe is."""

from dataclasses import dataclass, field
from typing import Literal

from gan_core.config import TrainConfig

Purpose = Literal["cartoons", "classes", "classic", "compare", "dozen", "few", "maps", "quality", "quick", "steady", "transparency"]

MEAN = "Samples and weights come from a running mean of the generator; the original shows the generator itself. EMA decay 0 does so too."
"""The note of every recipe whose original knew no running mean."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A configuration with a name, and two sentences for the person who chooses."""

    name: str
    title: str
    summary: str
    """When to use it, as one sentence."""
    expect: str
    """What to expect of it, as one sentence."""
    purpose: Purpose
    """What it is for, as far as its configuration does not say; by this it is recommended."""
    config: TrainConfig
    needs_classes: bool = False
    """Unsuitable for datasets without at least two classes."""
    notes: tuple[str, ...] = field(default=())
    """Deliberate differences from the system or paper it reproduces."""
