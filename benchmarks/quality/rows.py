"""What is trained on what: every recipe on pictures of the kind it is meant for, and the plain DCGAN beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    recipe: str | None
    """None is the plain DCGAN of `benchmarks.quality.plain`."""
    pictures: str
    """One of `benchmarks.quality.sets.SETS`."""
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.recipe or 'plain'}.{self.pictures}"


NO_WARM_UP = {"warmup_discriminator_steps": 0}
"""A hundred critic steps for each of the first steps would take all the time there is."""

ROWS = {
    row.name: row
    for row in (
        Row("quick", "digits"),
        Row("quick-classes", "digits"),
        Row("satellite", "digits"),
        Row("satellite-wgan", "digits", NO_WARM_UP),
        Row("classic", "digits"),
        Row(None, "digits"),
        Row("classic", "emoji"),
        Row(None, "emoji"),
        Row("classic", "satellite"),
        Row(None, "satellite"),
        Row("classic-classes", "digits"),
        Row("modern", "emoji"),
        Row("modern-classes", "digits"),
        Row("style", "satellite"),
        Row("style-classes", "digits"),
        Row("steady", "digits"),
        Row("supervised", "digits"),
        Row("simpsons", "emoji"),
        Row("pokemon", "sprites"),
        Row("dogs", "maps"),
        Row("dogs-gan", "satellite"),
        Row("few-shot", "faces"),
        Row("portraits", "dozen"),
        Row("pokemon-128", "sprites"),
        Row("satellite-128", "satellite"),
        Row("satellite-128-wgan", "satellite", NO_WARM_UP),
    )
}
