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
    times: float = 1.0
    """Of the usual time."""

    @property
    def name(self) -> str:
        return f"{self.recipe or 'plain'}.{self.pictures}"


NO_WARM_UP: dict[str, Any] = {"warmup_discriminator_steps": 0}
"""A hundred critic steps for each of the first steps would take all the time there is."""
SMALL: dict[str, Any] = {"width": 32, "height": 32, "generator_width": 32, "discriminator_width": 32, "batch_size": 32}
"""For what takes a second or more a step at its own size on one core, and so could not show in minutes whether it learns."""
HALF: dict[str, Any] = SMALL | {"width": 64, "height": 64}
"""The same for 128 pixels and more."""
TINY: dict[str, Any] = SMALL | {"width": 16, "height": 16, "generator_width": 16, "discriminator_width": 16}
"""For what takes that long even then."""
LONGER = 2.0

ROWS = {
    row.name: row
    for row in (
        Row("quick", "digits"),
        Row("quick-classes", "digits"),
        Row("satellite", "digits"),
        Row("satellite-wgan", "digits", NO_WARM_UP),
        Row("modern", "emoji", TINY, LONGER),
        Row("modern-classes", "digits", TINY | {"mirror": False}, LONGER),
        Row("style", "satellite", SMALL, LONGER),
        Row("style-classes", "digits", SMALL | {"mirror": False}, LONGER),
        Row("steady", "digits", SMALL),
        Row("supervised", "digits", TINY, LONGER),
        Row("classic-classes", "digits", SMALL),
        Row("pokemon", "sprites", SMALL),
        Row("simpsons", "emoji", SMALL),
        Row("dogs", "maps", SMALL),
        Row("dogs-gan", "satellite", SMALL),
        Row("few-shot", "faces", {"width": 64, "height": 64}, LONGER),
        Row("portraits", "dozen", {"width": 64, "height": 64}),
        Row("satellite-128", "satellite", HALF),
        Row("satellite-128-wgan", "satellite", SMALL | NO_WARM_UP),
        Row("pokemon-128", "sprites", HALF, 2 * LONGER),
        Row("classic", "emoji", HALF, LONGER),
        Row(None, "emoji", times=LONGER),
        Row("classic", "digits", HALF, LONGER),
        Row(None, "digits", times=LONGER),
    )
}
