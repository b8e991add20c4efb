"""Recipes learn: a few seconds of each, on real pictures at 16 pixels, end nearer to them than a broken network can come.

Where the generator goes the wrong way, the discriminator stands still, or the running mean is not kept, runs end at 1.4 times their goal or
more; one that ignores the class is right about half of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from gan_core.recipes import RECIPES
from tests.quality.learning import Short, cut_down, learn


@dataclass(frozen=True, slots=True)
class Goal:
    short: Short
    distance: float
    """At most; the runs here end at about a third to four fifths of it."""
    right: float = 0.9
    """Share of the pictures that are of the class asked for, at least, where classes are learnt."""


NARROW = {"generator_width": 8, "discriminator_width": 8, "batch_size": 16, "latent_size": 16}
NO_WARM_UP = {"warmup_discriminator_steps": 0}
CLASSES_SOONER = {"discriminator_steps": 2, "auxiliary_weight_generator": 1.0, "schedule": "constant"}
GOALS = {
    "quick": Goal(Short(steps=400, faster=5), 0.8),
    "quick-classes": Goal(Short(steps=400, faster=5), 0.9),
    "satellite": Goal(Short(steps=150), 0.9),
    "satellite-wgan": Goal(Short(steps=120, faster=20, changes=NO_WARM_UP), 0.5),
    "satellite-128": Goal(Short(steps=150, pictures="sprites"), 0.9),
    "satellite-128-wgan": Goal(Short(steps=120, pictures="sprites", faster=20, changes=NO_WARM_UP), 0.5),
    "simpsons": Goal(Short(steps=300, pictures="sprites"), 0.6),
    "pokemon": Goal(Short(steps=300, pictures="sprites"), 0.8),
    "pokemon-128": Goal(Short(steps=300, pictures="sprites"), 0.6),
    "dogs": Goal(Short(steps=300), 0.75),
    "dogs-gan": Goal(Short(steps=350), 0.9),
    "portraits": Goal(Short(steps=400, count=12), 0.75),
    "few-shot": Goal(Short(steps=80, count=100), 0.6),
    "steady": Goal(Short(steps=150, faster=5, changes={"discriminator_steps": 2}), 1.0),
    "supervised": Goal(Short(steps=300, faster=2, changes=NARROW | CLASSES_SOONER), 0.5, right=0.8),
    "modern": Goal(Short(steps=100, faster=2, changes=NARROW), 0.8),
    "modern-classes": Goal(Short(steps=250, faster=4, changes=NARROW), 0.8, right=0.8),
    "style": Goal(Short(steps=200, faster=1, changes={"latent_size": 64}), 0.9),
    "style-classes": Goal(Short(steps=350, faster=2, changes={"latent_size": 16, "augmentation": "none"}), 0.5, right=0.8),
}
"""Twelve or a hundred digits for the recipes of few pictures. Fewer critic steps, to be done sooner."""
TWINS = {"classic": "quick", "classic-classes": "quick-classes"}
"""Recipes that differ from another one in sizes alone, and so not at all once they are cut down."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The same sums in the same order, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_every_recipe_is_among_them() -> None:
    assert set(RECIPES) == {*GOALS, *TWINS}


@pytest.mark.parametrize(("recipe", "twin"), TWINS.items())
def test_twins_are_the_same_once_they_are_cut_down(recipe: str, twin: str) -> None:
    short = GOALS[twin].short
    assert cut_down(recipe, short) == cut_down(twin, short)


@pytest.mark.parametrize("recipe", GOALS)
def test_a_recipe_learns_within_seconds(recipe: str) -> None:
    before, after = learn(recipe, GOALS[recipe].short)
    assert before.distance > 1.2 * GOALS[recipe].distance, "nothing was learnt before"
    assert after.distance < GOALS[recipe].distance
    if after.right is not None:
        assert before.right is not None and before.right < 0.7
        assert after.right >= GOALS[recipe].right, "the class that was asked for"
