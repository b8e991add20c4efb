"""Objectives against their formulas, written out by hand."""

import math

import torch

from gan_core.objectives import OBJECTIVES, Targets

REAL = torch.tensor([2.0, -1.0, 0.5])
FAKE = torch.tensor([-3.0, 0.25, 1.0])
HARD = Targets(torch.ones(3), torch.zeros(3), 1.0)
SOFT = Targets(torch.tensor([1.2, 0.7, 0.9]), torch.tensor([0.1, 0.0, 0.3]), 1.0)
INVERTED = Targets(torch.zeros(3), torch.ones(3), 0.0)


def cross_entropy(logit: float, target: float) -> float:
    """-t log s(x) - (1 - t) log(1 - s(x)); holds for targets above 1, too."""
    p = 1 / (1 + math.exp(-logit))
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_non_saturating_is_cross_entropy_with_each_target() -> None:
    for targets in (HARD, SOFT, INVERTED):
        real = mean([cross_entropy(x, t) for x, t in zip(REAL.tolist(), targets.real.tolist(), strict=True)])
        fake = mean([cross_entropy(x, t) for x, t in zip(FAKE.tolist(), targets.fake.tolist(), strict=True)])
        loss = OBJECTIVES["non-saturating"].discriminator_loss(REAL, FAKE, targets)
        assert math.isclose(loss.item(), (real + fake) / 2, rel_tol=1e-5)


def test_the_generator_wants_to_be_taken_for_real() -> None:
    loss = OBJECTIVES["non-saturating"].generator_loss(FAKE, SOFT)
    assert math.isclose(loss.item(), mean([-math.log(1 / (1 + math.exp(-x))) for x in FAKE.tolist()]), rel_tol=1e-5)
    inverted = OBJECTIVES["non-saturating"].generator_loss(-FAKE, INVERTED)
    assert math.isclose(loss.item(), inverted.item(), rel_tol=1e-6)


def test_guessing_costs_ln_2() -> None:
    undecided = torch.zeros(5)
    targets = Targets(torch.ones(5), torch.zeros(5), 1.0)
    assert math.isclose(OBJECTIVES["non-saturating"].discriminator_loss(undecided, undecided, targets).item(), math.log(2), rel_tol=1e-6)
    assert math.isclose(OBJECTIVES["non-saturating"].generator_loss(undecided, targets).item(), math.log(2), rel_tol=1e-6)


def test_non_saturating_is_finite_for_extreme_logits() -> None:
    extreme = torch.tensor([1e4, -1e4, 0.0])
    assert OBJECTIVES["non-saturating"].discriminator_loss(extreme, extreme, SOFT).isfinite()


def test_least_squares_is_half_the_squared_distance() -> None:
    objective = OBJECTIVES["least-squares"]
    real, fake = REAL.tolist(), FAKE.tolist()
    assert math.isclose(
        objective.discriminator_loss(REAL, FAKE, HARD).item(), mean([(x - 1) ** 2 for x in real]) / 2 + mean([x**2 for x in fake]) / 2, rel_tol=1e-6
    )
    assert math.isclose(objective.generator_loss(FAKE, HARD).item(), mean([(x - 1) ** 2 for x in fake]) / 2, rel_tol=1e-6)


def test_wasserstein_is_the_difference_of_means() -> None:
    objective = OBJECTIVES["wasserstein"]
    assert math.isclose(objective.discriminator_loss(REAL, FAKE, HARD).item(), mean(FAKE.tolist()) - mean(REAL.tolist()), rel_tol=1e-6)
    assert math.isclose(objective.generator_loss(FAKE, HARD).item(), -mean(FAKE.tolist()), rel_tol=1e-6)
