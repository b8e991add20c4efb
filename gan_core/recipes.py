"""The recipes: named, complete configurations. Torch-free; adding one is adding one entry."""

from dataclasses import dataclass, field

from gan_core.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Recipe:
    """A configuration with a name, and two sentences for the person who chooses."""

    name: str
    title: str
    summary: str
    config: TrainConfig
    needs_classes: bool = False
    """Unsuitable for datasets without at least two classes."""
    notes: tuple[str, ...] = field(default=())
    """Deliberate differences from the system it reproduces."""
