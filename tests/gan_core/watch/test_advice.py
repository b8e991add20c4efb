"""What a verdict would change is valid, does something, and is put in words."""

import subprocess
import sys
from typing import get_args

import pytest

from gan_core import relevance
from gan_core.config import TrainConfig
from gan_core.events import Kind
from gan_core.recipes import RECIPES
from gan_core.watch import TITLES
from gan_core.watch.advice import advise
from gan_core.watch.words import LEVELS, measured, percent, plain, trying

KINDS: tuple[Kind, ...] = get_args(Kind)
FAULTS: tuple[Kind, ...] = ("diverged", "collapse", "class-collapse", "discriminator-strong", "generator-strong")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("count", [12, 100_000])
def test_every_recipe_gets_advice_that_works(recipe: object, count: int) -> None:
    config: TrainConfig = recipe.config  # type: ignore[attr-defined]
    for kind in KINDS:
        change = advise(kind, config, count)
        if change is None:
            assert kind not in FAULTS, kind
            continue
        changed = TrainConfig.model_validate(config.model_dump() | {change.setting: change.value})
        assert getattr(changed, change.setting) != getattr(config, change.setting)
        assert relevance.has_effect(change.setting, changed.model_dump())
        said = trying(change, config)
        assert said.startswith("Try ") and said.endswith(f" to {plain(change.value)}.") and "e-" not in said


def config(**changes: object) -> TrainConfig:
    return TrainConfig.model_validate({"steps": 1000, **changes})


def changed(kind: Kind, count: int = 100_000, **changes: object) -> tuple[str, object] | None:
    change = advise(kind, config(**changes), count)
    return (change.setting, change.value) if change else None


def test_a_discriminator_that_learns_much_faster_learns_as_fast_as_the_generator() -> None:
    assert changed("discriminator-strong", discriminator_learning_rate=0.01) == ("discriminator_learning_rate", 2e-4)
    assert changed("discriminator-strong") == ("discriminator_learning_rate", 1e-4)


def test_a_generator_that_hardly_moves_is_quickened() -> None:
    assert changed("discriminator-strong", generator_learning_rate=1e-6) == ("generator_learning_rate", 2e-4)


def test_a_discriminator_that_hardly_moves_is_quickened() -> None:
    assert changed("generator-strong", discriminator_learning_rate=1e-6) == ("discriminator_learning_rate", 2e-4)
    assert changed("generator-strong", discriminator_width=8) == ("discriminator_width", 64)


def test_the_r1_penalty_is_offered_only_where_it_is_allowed() -> None:
    assert changed("collapse") == ("batch_size", 128)  # batch normalisation does not go with it
    assert changed("collapse", discriminator_batch_norm=False) == ("penalty", "r1")
    assert changed("collapse", batch_size=8) == ("batch_size", 16)


def test_augmentation_is_offered_step_by_step() -> None:
    assert changed("memorising", augmentation="none") == ("augmentation", "diffaugment")
    assert changed("memorising", count=100) == ("augmentation", "adaptive"), "auto is DiffAugment for few pictures"
    assert changed("memorising", augmentation="adaptive") is None
    assert changed("memorising", count=100, objective="least-squares") is None, "adaptive does not go with it"


def test_every_kind_has_a_title_and_a_level() -> None:
    assert set(TITLES) == set(LEVELS) == set(KINDS)
    assert all(2 <= len(title.split()) <= 5 and not title.endswith((".", "!")) for title in TITLES.values())


def test_numbers_are_written_as_people_write_them() -> None:
    assert [plain(value) for value in (5e-05, 0.0002, 128, "r1", "none")] == ["0.00005", "0.0002", "128", "R1", "none"]
    assert [percent(share) for share in (0.5, 0.997, 0.9996, 1.0)] == ["50 %", "99 %", "100 %", "100 %"]
    assert [measured(value) for value in (0.6931, 140.2, 0.0021, 0.0, 1e-6)] == ["0.69", "140", "0.0021", "0", "under 0.0001"]


def test_pages_may_import_it() -> None:
    """They do without torch."""
    code = "import sys, gan_core.watch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 0
