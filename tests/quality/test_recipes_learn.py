"""Recipes learn: a few seconds of each, on real pictures at 16 pixels, end nearer to them than a broken network can come.

Of a network whose generator goes the wrong way, whose discriminator stands still, or whose running mean is not kept, every one of these
runs ends at 1.4 times its goal or more; one that ignores the class is right about half of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from tests.quality.learning import Short, learn


@dataclass(frozen=True, slots=True)
class Goal:
    short: Short
    distance: float
    """At most; the runs here end at about half to three quarters of it."""


GOALS = {
    "quick": Goal(Short(steps=250), 0.7),
    "quick-classes": Goal(Short(steps=400), 1.0),
    "satellite": Goal(Short(steps=150), 0.9),
    "satellite-wgan": Goal(Short(steps=120, faster=20, changes={"warmup_discriminator_steps": 0}), 0.5),
    "simpsons": Goal(Short(steps=300, pictures="sprites"), 0.6),
    "pokemon": Goal(Short(steps=300, pictures="sprites"), 0.6),
    "dogs": Goal(Short(steps=300), 0.75),
    "portraits": Goal(Short(steps=400, count=12), 0.75),
    "few-shot": Goal(Short(steps=80, count=100), 0.6),
    "steady": Goal(Short(steps=150, faster=5, changes={"discriminator_steps": 2}), 1.0),
    "style": Goal(Short(steps=200, faster=1, changes={"latent_size": 64}), 0.9),
}
"""Twelve or a hundred digits for the recipes of few pictures. Fewer critic steps, to be done sooner."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The same sums in the same order, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("recipe", GOALS)
def test_a_recipe_learns_within_seconds(recipe: str) -> None:
    before, after = learn(recipe, GOALS[recipe].short)
    assert before.distance > 1.2 * GOALS[recipe].distance, "nothing was learnt before"
    assert after.distance < GOALS[recipe].distance
    if after.right is not None:
        assert before.right is not None and before.right < 0.7
        assert after.right >= 0.9, "the class that was asked for"
