"""TrainConfig refuses what cannot work, one sentence a field, and knows how long a run is."""

from typing import Any

import pytest
from pydantic import ValidationError

from gan_core.config import LOSS_POINTS, TrainConfig


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
