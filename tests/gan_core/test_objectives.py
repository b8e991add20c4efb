"""Objectives against their formulas, written out by hand."""

import math

import pytest
import torch

from gan_core.objectives import OBJECTIVES, Targets, auxiliary_loss, reconstruction_loss, structural_similarity

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
    loss = OBJECTIVES["non-saturating"].generator_loss(None, FAKE, SOFT)
    assert math.isclose(loss.item(), mean([-math.log(1 / (1 + math.exp(-x))) for x in FAKE.tolist()]), rel_tol=1e-5)
    inverted = OBJECTIVES["non-saturating"].generator_loss(None, -FAKE, INVERTED)
    assert math.isclose(loss.item(), inverted.item(), rel_tol=1e-6)


def test_guessing_costs_ln_2() -> None:
    undecided = torch.zeros(5)
    targets = Targets(torch.ones(5), torch.zeros(5), 1.0)
    assert math.isclose(OBJECTIVES["non-saturating"].discriminator_loss(undecided, undecided, targets).item(), math.log(2), rel_tol=1e-6)
    assert math.isclose(OBJECTIVES["non-saturating"].generator_loss(None, undecided, targets).item(), math.log(2), rel_tol=1e-6)


def test_non_saturating_is_finite_for_extreme_logits() -> None:
    extreme = torch.tensor([1e4, -1e4, 0.0])
    assert OBJECTIVES["non-saturating"].discriminator_loss(extreme, extreme, SOFT).isfinite()


def test_least_squares_is_half_the_squared_distance() -> None:
    objective = OBJECTIVES["least-squares"]
    real, fake = REAL.tolist(), FAKE.tolist()
    assert math.isclose(
        objective.discriminator_loss(REAL, FAKE, HARD).item(), mean([(x - 1) ** 2 for x in real]) / 2 + mean([x**2 for x in fake]) / 2, rel_tol=1e-6
    )
    assert math.isclose(objective.generator_loss(None, FAKE, HARD).item(), mean([(x - 1) ** 2 for x in fake]) / 2, rel_tol=1e-6)


def test_wasserstein_is_the_difference_of_means() -> None:
    objective = OBJECTIVES["wasserstein"]
    assert math.isclose(objective.discriminator_loss(REAL, FAKE, HARD).item(), mean(FAKE.tolist()) - mean(REAL.tolist()), rel_tol=1e-6)
    assert math.isclose(objective.generator_loss(None, FAKE, HARD).item(), -mean(FAKE.tolist()), rel_tol=1e-6)


def softplus(x: float) -> float:
    return math.log(1 + math.exp(x))


def test_minimax_is_the_game_of_which_the_other_is_the_stand_in() -> None:
    objective = OBJECTIVES["minimax"]
    chances = [1 / (1 + math.exp(-x)) for x in FAKE.tolist()]
    assert math.isclose(objective.generator_loss(None, FAKE, HARD).item(), mean([math.log(1 - p) for p in chances]), rel_tol=1e-5)
    assert math.isclose(objective.generator_loss(None, -FAKE, INVERTED).item(), mean([math.log(1 - p) for p in chances]), rel_tol=1e-5)
    assert objective.discriminator_loss(REAL, FAKE, SOFT) == OBJECTIVES["non-saturating"].discriminator_loss(REAL, FAKE, SOFT)


def test_hinge_has_a_margin_of_one_on_either_side() -> None:
    objective = OBJECTIVES["hinge"]
    expected = mean([max(0.0, 1 - x) for x in REAL.tolist()]) + mean([max(0.0, 1 + x) for x in FAKE.tolist()])
    assert math.isclose(objective.discriminator_loss(REAL, FAKE, HARD).item(), expected, rel_tol=1e-6)
    assert math.isclose(objective.generator_loss(None, FAKE, HARD).item(), -mean(FAKE.tolist()), rel_tol=1e-6)


def test_smoothed_labels_draw_the_margins_of_hinge_nearer() -> None:
    margins = [1 - t for t in SOFT.fake.tolist()]
    expected = mean([max(0.0, t - x) for x, t in zip(REAL.tolist(), SOFT.real.tolist(), strict=True)])
    expected += mean([max(0.0, margin + x) for x, margin in zip(FAKE.tolist(), margins, strict=True)])
    assert math.isclose(OBJECTIVES["hinge"].discriminator_loss(REAL, FAKE, SOFT).item(), expected, rel_tol=1e-6)


def test_relativistic_compares_pairs() -> None:
    objective = OBJECTIVES["relativistic"]
    pairs = list(zip(REAL.tolist(), FAKE.tolist(), strict=True))
    assert objective.compares
    assert math.isclose(objective.discriminator_loss(REAL, FAKE, HARD).item(), mean([softplus(-(r - f)) for r, f in pairs]), rel_tol=1e-5)
    assert math.isclose(objective.generator_loss(REAL, FAKE, HARD).item(), mean([softplus(-(f - r)) for r, f in pairs]), rel_tol=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_player_gains_by_its_own_wish(name: str) -> None:
    """The discriminator by telling real from fake, the generator by being taken for real."""
    objective = OBJECTIVES[name]
    real, fake = torch.full((4, 3), 0.1), torch.full((4, 3), -0.1)
    targets = Targets(torch.ones(4, 3), torch.zeros(4, 3), 1.0)
    assert objective.discriminator_loss(real, fake, targets) < objective.discriminator_loss(fake, real, targets)
    assert objective.generator_loss(fake, real, targets) < objective.generator_loss(real, fake, targets)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_logits_of_many_places_count_as_many_pictures(name: str) -> None:
    objective = OBJECTIVES[name]
    flat = objective.discriminator_loss(REAL, FAKE, SOFT)
    folded = objective.discriminator_loss(REAL[None], FAKE[None], Targets(SOFT.real[None], SOFT.fake[None], 1.0))
    assert torch.allclose(flat, folded)


def test_the_auxiliary_loss_is_the_cross_entropy_of_logits() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    expected = mean([-math.log(math.exp(row[label]) / sum(map(math.exp, row))) for row, label in zip(logits.tolist(), (2, 1), strict=True)])
    assert math.isclose(auxiliary_loss(logits, torch.tensor([2, 1])).item(), expected, rel_tol=1e-5)


def test_equal_pictures_are_perfectly_similar_and_perfectly_remembered() -> None:
    picture = torch.rand(2, 3, 16, 16) * 2 - 1
    assert math.isclose(structural_similarity(picture, picture).item(), 1.0, rel_tol=1e-5)
    assert abs(reconstruction_loss([(picture, picture), (picture[..., :8], picture[..., :8])]).item()) < 1e-5


def test_structural_similarity_is_the_published_formula() -> None:
    torch.manual_seed(0)
    one, other = torch.rand(1, 1, 7, 7).double(), torch.rand(1, 1, 7, 7).double()  # one window
    first, second = one.mean().item(), other.mean().item()
    covariance = ((one - first) * (other - second)).mean().item()
    variances = one.var(unbiased=False).item(), other.var(unbiased=False).item()
    brightness = (2 * first * second + 0.02**2) / (first**2 + second**2 + 0.02**2)
    structure = (2 * covariance + 0.06**2) / (sum(variances) + 0.06**2)
    assert math.isclose(structural_similarity(one, other).item(), brightness * structure, rel_tol=1e-6)
    expected = (one - other).abs().mean().item() + 1 - brightness * structure
    assert math.isclose(reconstruction_loss([(one, other)]).item(), expected, rel_tol=1e-5)


def test_what_is_remembered_worse_costs_more() -> None:
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 16, 16) * 2 - 1
    costs = [reconstruction_loss([(picture + spread * torch.randn_like(picture), picture)]).item() for spread in (0.05, 0.2, 0.8)]
    assert costs == sorted(costs)
