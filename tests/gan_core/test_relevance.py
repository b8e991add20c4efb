"""Which settings have an effect under which others."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.recipes import RECIPES
from gan_core.relevance import WHEN, conditions, has_effect, is_lacking


def values(**changes: Any) -> dict[str, Any]:
    return {**TrainConfig(steps=1).model_dump(), **changes}


def test_conditions_name_settings_and_values_that_exist() -> None:
    for name in TrainConfig.model_fields:
        for condition in conditions(name):
            for value in condition.values:
                TypeAdapter(TrainConfig.model_fields[condition.field].annotation).validate_python(value, strict=True)
    assert set(WHEN) <= set(TrainConfig.model_fields)


@pytest.mark.parametrize(
    ("name", "without", "having"),
    [
        ("clip_value", {"penalty": "r1"}, {"penalty": "clip"}),
        ("penalty_interval", {"penalty": "clip"}, {"penalty": "r1-r2"}),
        ("penalty_end", {"penalty": "r1"}, {"penalty": "r1", "schedule": "cosine"}),
        ("auxiliary_weight", {"class_method": "auxiliary"}, {"class_method": "auxiliary", "conditional": True}),
        ("adaptive_target", {"augmentation": "diffaugment"}, {"augmentation": "adaptive"}),
        ("flip_labels", {"objective": "hinge"}, {"objective": "minimax"}),
        ("real_label_low", {"objective": "wasserstein"}, {"objective": "hinge"}),
        ("tile_scale", {"tiles": 0}, {"tiles": 8}),
        ("spectral_norm", {"architecture": "fastgan"}, {"architecture": "resnet"}),
        ("kernel_size", {"architecture": "mlp"}, {"architecture": "dcgan"}),
    ],
)
def test_a_setting_has_an_effect_under_its_conditions(name: str, without: dict[str, Any], having: dict[str, Any]) -> None:
    assert not has_effect(name, values(**without))
    assert has_effect(name, values(**having))


@pytest.mark.parametrize("architecture", architectures.names())
def test_an_architecture_lacks_what_it_does_not_name(architecture: str) -> None:
    lacking = {name for name in architectures.OPTIONAL if is_lacking(name, architecture)}
    assert lacking == architectures.OPTIONAL - architectures.describe(architecture).settings


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_recipe_sets_what_has_no_effect(recipe: str) -> None:
    """Else the form would hide that the recipe has changed it."""
    config = RECIPES[recipe].config.model_dump()
    assert [name for name, info in TrainConfig.model_fields.items() if config[name] != info.default and not has_effect(name, config)] == []
