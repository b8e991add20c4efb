"""What changes along a run: where it starts, how it goes, where it ends."""

import math

import pytest
import torch

from gan_core.config import TrainConfig
from gan_core.schedules import along, between, set_rates


def config(**values: object) -> TrainConfig:
    return TrainConfig.model_validate({"steps": 100, **values})


def test_nothing_changes_without_a_schedule() -> None:
    assert [along(config(), step, 100) for step in (1, 50, 100)] == [0, 0, 0]


def test_linear_goes_evenly_and_stays_at_its_end() -> None:
    half = config(schedule="linear", schedule_share=0.5)
    assert [along(half, step, 100) for step in (1, 26, 51, 100)] == [0, 0.5, 1, 1]


def test_cosine_starts_and_ends_softly() -> None:
    soft = config(schedule="cosine")
    assert along(soft, 1, 100) == 0
    assert math.isclose(along(soft, 51, 100), 0.5)
    assert math.isclose(along(soft, 26, 100), (1 - math.cos(math.pi / 4)) / 2)
    assert along(soft, 100, 100) < 1  # the last step still learns


@pytest.mark.parametrize(("step", "rate", "beta2"), [(1, 2e-4, 0.9), (51, 1.25e-4, 0.945), (101, 5e-5, 0.99)])
def test_rates_and_beta_2_reach_their_end(step: int, rate: float, beta2: float) -> None:
    modern = config(schedule="linear", learning_rate_end=0.25, beta1=0.0, beta2=0.9, beta2_end=0.99)
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], betas=(0.0, 0.9))
    set_rates(optimizer, modern, 2e-4, along(modern, step, 100))
    assert math.isclose(optimizer.param_groups[0]["lr"], rate)
    assert math.isclose(optimizer.param_groups[0]["betas"][1], beta2) and optimizer.param_groups[0]["betas"][0] == 0.0


def test_rmsprop_has_a_rate_only() -> None:
    optimizer = torch.optim.RMSprop([torch.zeros(1, requires_grad=True)], alpha=0.9)
    set_rates(optimizer, config(schedule="linear", beta2_end=0.5), 1e-3, 1.0)
    assert optimizer.param_groups[0]["lr"] == 0 and optimizer.param_groups[0]["alpha"] == 0.9


def test_between_is_a_straight_line() -> None:
    assert [between(1.0, 0.1, share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.55, 0.1])
