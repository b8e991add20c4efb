"""TrainConfig refuses what cannot work, one sentence a field, and knows how long a run is."""

import itertools
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from gan_core import architectures
from gan_core.config import AUGMENT_BELOW, LOSS_POINTS, TrainConfig


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "steps"),
        ({"steps": 5, "epochs": 5}, "epochs"),
        ({"steps": 5, "objective": "wasserstein"}, "penalty"),
        ({"steps": 5, "penalty": "clip"}, "penalty"),
        ({"steps": 5, "architecture": "mlp", "width": 97}, "width"),
        ({"steps": 5, "architecture": "transformer"}, "architecture"),
        ({"steps": 5, "real_label_low": 1.0, "real_label_high": 0.5}, "real_label_high"),
        ({"steps": 5, "objective": "wasserstein", "penalty": "clip", "flip_labels": 0.1}, "flip_labels"),
        ({"steps": 5, "objective": "wasserstein", "penalty": "clip", "invert_labels": True}, "invert_labels"),
        ({"steps": 5, "width": 15}, "width"),
        ({"steps": 5, "height": 513}, "height"),
        ({"steps": 5, "generator_learning_rate": float("nan")}, "generator_learning_rate"),
        ({"steps": 5, "colour": "rgb"}, "colour"),
        ({"steps": 5, "objective": "wasserstein", "penalty": "r1", "discriminator_batch_norm": False}, "penalty"),
        ({"steps": 5, "objective": "wasserstein", "penalty": "clip", "spectral_norm": True, "discriminator_batch_norm": False}, "spectral_norm"),
        ({"steps": 5, "penalty": "r1"}, "discriminator_batch_norm"),
        ({"steps": 5, "spectral_norm": True}, "discriminator_batch_norm"),
        ({"steps": 5, "penalty_interval": 2}, "penalty_interval"),
        ({"steps": 5, "architecture": "mlp", "kernel_size": 5}, "kernel_size"),
        ({"steps": 5, "architecture": "resnet", "dense_head": 9}, "dense_head"),
        ({"steps": 5, "architecture": "fastgan", "spectral_norm": True, "discriminator_batch_norm": False}, "spectral_norm"),
        ({"steps": 5, "architecture": "r3gan", "spectral_norm": True}, "spectral_norm"),
        ({"steps": 5, "architecture": "stylegan2", "spectral_norm": True}, "spectral_norm"),
        ({"steps": 5, "architecture": "r3gan", "objective": "wasserstein", "penalty": "clip"}, "penalty"),
        ({"steps": 5, "architecture": "fastgan", "objective": "wasserstein", "penalty": "clip"}, "penalty"),
        ({"steps": 5, "conditional": True, "class_method": "auxiliary", "objective": "relativistic"}, "class_method"),
        ({"steps": 5, "auxiliary_on_fake": True}, "auxiliary_on_fake"),
        ({"steps": 5, "objective": "relativistic", "real_label_low": 0.9}, "real_label_low"),
        ({"steps": 5, "objective": "hinge", "invert_labels": True}, "invert_labels"),
        ({"steps": 5, "beta2_end": 0.99}, "beta2_end"),
        ({"steps": 5, "penalty_end": 0.1}, "penalty_end"),
        ({"steps": 5, "augmentation": "adaptive", "objective": "least-squares"}, "augmentation"),
        (
            {"steps": 5, "augmentation": "diffaugment", "augment_colour": False, "augment_translation": False, "augment_cutout": False},
            "augmentation",
        ),
        ({"steps": 5, "tiles": 4, "crop_to_boxes": True}, "tiles"),
        ({"steps": 5, "tiles": 4, "fit": "pad"}, "fit"),
        ({"steps": 5, "batch_size": 8, "accumulate": 5}, "accumulate"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TrainConfig.model_validate(values)
    assert [problem["loc"] for problem in refused.value.errors()] == [(field,)]


def test_every_field_explains_itself() -> None:
    for name, field in TrainConfig.model_fields.items():
        extra = field.json_schema_extra
        assert field.title and field.description and isinstance(extra, dict) and extra["group"], name


def test_a_configuration_survives_json() -> None:
    config = TrainConfig(epochs=3, beta1=0, channels="rgba")
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


def test_epochs_show_every_picture_so_often() -> None:
    assert TrainConfig(epochs=10, batch_size=32).total_steps(320) == 100
    assert TrainConfig(epochs=1, batch_size=32).total_steps(33) == 2
    assert TrainConfig(epochs=64, batch_size=64).total_steps(12) == 12  # five passes in one batch


def test_discriminator_steps_use_pictures_too() -> None:
    config = TrainConfig(epochs=10, batch_size=10, objective="wasserstein", penalty="clip", discriminator_steps=5)
    assert config.total_steps(100) == 20


def test_loss_points_are_at_most_so_many() -> None:
    assert TrainConfig(steps=LOSS_POINTS).loss_interval(100) == 1
    assert TrainConfig(steps=LOSS_POINTS + 1).loss_interval(100) == 2
    assert 1_000_000 / TrainConfig(steps=1_000_000).loss_interval(1) <= LOSS_POINTS


def test_every_combination_of_the_grid_is_valid_or_refused_with_a_sentence() -> None:
    """Nothing raises anything but a sentence at a field, and every architecture, objective and penalty has valid cells."""
    fields = TrainConfig.model_fields
    valid: set[str] = set()
    axes = {name: get_args(fields[name].annotation) for name in ("objective", "penalty", "class_method", "augmentation")}
    for architecture, *cell in itertools.product(architectures.names(), *axes.values(), (True, False), (True, False), (True, False)):
        names = ("architecture", *axes, "spectral_norm", "conditional", "discriminator_batch_norm")
        values = dict(zip(names, (architecture, *cell), strict=True))
        try:
            TrainConfig.model_validate({"steps": 1, **values})
        except ValidationError as refused:
            for problem in refused.errors():
                assert problem["loc"][0] in fields and problem["msg"].endswith((".", "…")), problem
        else:
            valid |= {f"{name} {value}" for name, value in values.items()}
    assert valid >= {f"architecture {name}" for name in architectures.names()}
    assert valid >= {f"{name} {value}" for name, choices in axes.items() for value in choices}


def test_the_critic_gets_a_hundred_steps_at_first_and_at_every_500th() -> None:
    config = TrainConfig(steps=2000, objective="wasserstein", penalty="clip", discriminator_steps=5, warmup_discriminator_steps=100)
    # the published code counts generator steps from 0: its 0 to 24 and 500, 1000 ... are ours plus one
    expected = [100 if done < 25 or done % 500 == 0 else 5 for done in range(2000)]
    assert [config.discriminator_steps_at(step) for step in range(1, 2001)] == expected
    assert config.discriminator_steps_until(2000) == sum(expected)


def test_epochs_count_the_steps_of_the_warm_up() -> None:
    config = TrainConfig(epochs=10, batch_size=10, objective="wasserstein", penalty="clip", discriminator_steps=5, warmup_discriminator_steps=100)
    steps = config.total_steps(1000)  # a thousand batches
    assert config.discriminator_steps_until(steps - 1) < 1000 <= config.discriminator_steps_until(steps)


def test_augmentation_is_on_for_few_pictures() -> None:
    assert TrainConfig(steps=1).augmentation_for(AUGMENT_BELOW - 1) == "diffaugment"
    assert TrainConfig(steps=1).augmentation_for(AUGMENT_BELOW) == "none"
    assert TrainConfig(steps=1, augmentation="adaptive").augmentation_for(10**6) == "adaptive"
