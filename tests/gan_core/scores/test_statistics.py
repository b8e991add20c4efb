"""The formulas, against known answers and other people's programs."""

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch import Tensor, nn
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.image.mifid import MemorizationInformedFrechetInceptionDistance

from gan_core.scores.neighbours import copies, cosine_distances, manifold, memorisation_penalty, usual_distances
from gan_core.scores.statistics import Moments, frechet, frechet_of, kernel_distance

FEW, MANY = (40, 50), (300, 260)
"""Sizes of two sets, around the number of dimensions."""
DIMENSIONS = 64


def sets(sizes: tuple[int, int] = MANY, dimensions: int = DIMENSIONS, shift: float = 0.3) -> tuple[Tensor, Tensor]:
    """Two sets of features, not negative, their dimensions correlated and of different size."""
    source = torch.Generator().manual_seed(sum(sizes))
    mixed = torch.randn(dimensions, dimensions, generator=source) * torch.logspace(0, -1.5, dimensions)
    one, other = (torch.randn(size, dimensions, generator=source) for size in sizes)
    return (one @ mixed).clamp(min=0), (other @ mixed * 1.1 + shift).clamp(min=0)


def gaussian(count: int, mean: float, deviation: Tensor) -> Tensor:
    """Features with exactly this mean in every dimension and these deviations, uncorrelated."""
    plain = torch.randn(count, len(deviation), generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    plain = torch.linalg.qr(plain - plain.mean(0)).Q * (count - 1) ** 0.5
    return mean + plain * deviation


def test_the_frechet_distance_of_gaussians_is_known() -> None:
    a, b = torch.linspace(1, 2, 8, dtype=torch.float64), torch.linspace(3, 0, 8, dtype=torch.float64)
    expected = 8 * 0.5**2 + float((a - b).square().sum())
    assert frechet(gaussian(100, 1.0, a), gaussian(80, 1.5, b)) == pytest.approx(expected, rel=1e-9)
    assert frechet(gaussian(100, 1.0, a), gaussian(80, 1.0, a)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sizes", [FEW, MANY, (300, 40), (40, 300)])
def test_the_frechet_distance_is_that_of_torch_fidelity(sizes: tuple[int, int]) -> None:
    one, other = sets(sizes)
    statistics = [fid_features_to_statistics(features.double()) for features in (one, other)]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet(one, other) == pytest.approx(expected, rel=1e-6)
    assert frechet_of(Moments.of(one), Moments.of(other)) == pytest.approx(expected, rel=1e-6)
    assert frechet(one, one) == pytest.approx(0, abs=1e-5)


def test_moments_of_parts_are_those_of_the_whole() -> None:
    features, _ = sets()
    features = features + 1000  # where sums of squares would lose everything
    whole = Moments.of(features)
    first, *others = (Moments.of(part) for part in features.split([1, 7, 200, 92]))
    for part in others:
        first = first + part
    assert first.count == whole.count == 300
    assert torch.allclose(first.mean, whole.mean, rtol=1e-12) and torch.allclose(first.covariance, whole.covariance, atol=1e-9)
    assert np.allclose(whole.covariance, np.cov(features.double().numpy(), rowvar=False), atol=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_kernel_distance_is_that_of_torch_fidelity(shift: float) -> None:
    one, other = sets((200, 200), shift=shift)
    expected = kid_features_to_metric(one.double(), other.double(), kid_subsets=1, kid_subset_size=200, verbose=False)
    assert kernel_distance(one, other)[0] == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-4)


def test_the_kernel_distance_of_unequal_sets_is_unbiased() -> None:
    source = torch.Generator().manual_seed(0)
    values = [kernel_distance(*(torch.randn(count, 8, generator=source) for count in (60, 20)))[0] for _ in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 300**0.5


@pytest.mark.parametrize(("shift", "factor"), [(0.0, 2.0), (0.6, 1.25)])
def test_its_error_is_how_much_it_varies(shift: float, factor: float) -> None:
    """Without a difference the jackknife says a little too much, never too little."""
    source = torch.Generator().manual_seed(1)
    drawn = [kernel_distance(torch.randn(120, 8, generator=source), torch.randn(60, 8, generator=source) + shift) for _ in range(300)]
    varies = np.std([value for value, _ in drawn])
    assert varies / 1.1 < np.mean([error for _, error in drawn]) < varies * factor


@pytest.mark.parametrize("sizes", [FEW, MANY])
def test_precision_and_recall_density_and_coverage_are_those_of_others(sizes: tuple[int, int]) -> None:
    real, drawn = (features.double() for features in sets(sizes, shift=0.1))
    found = manifold(real, drawn)
    three, five = (compute_prdc(real.numpy(), drawn.numpy(), nearest_k=k) for k in (3, 5))
    assert (found.precision, found.recall) == pytest.approx((three["precision"], three["recall"]), rel=1e-4)
    assert (found.density, found.coverage) == pytest.approx((five["density"], five["coverage"]), rel=1e-4)
    expected = prc_features_to_metric(drawn, real, prc_neighborhood=3, prc_batch_size=10000, save_cpu_ram=False, verbose=False)
    assert (found.precision, found.recall) == pytest.approx((expected["precision"], expected["recall"]), rel=1e-4)
    assert 0 < found.precision < 1 and 0 < found.recall < 1


@pytest.mark.parametrize("near", [False, True])
def test_mifid_is_that_of_torchmetrics(near: bool) -> None:
    real, other = sets()
    drawn = real[:260] + 0.05 * other if near else other.flip(1)
    measured = MemorizationInformedFrechetInceptionDistance(feature=_Same(), normalize=False)
    measured.update(real, real=False)  # it looks from its real ones to the others: the wrong way round, while the Fréchet distance has no direction
    measured.update(drawn, real=True)
    penalty = memorisation_penalty(cosine_distances(drawn, real).min(1).values)
    assert (penalty < 1) == near
    assert frechet(real, drawn) / penalty == pytest.approx(float(measured.compute()), rel=1e-3)


class _Same(nn.Module):
    num_features = DIMENSIONS

    def forward(self, features: Tensor) -> Tensor:
        return features


@pytest.mark.parametrize("count", range(1, 8))
def test_a_handful_of_pictures_is_enough(count: int) -> None:
    one, other = sets((count, 9))
    for real, drawn in ((one, other), (other, one), (one, one)):
        near = manifold(real, drawn)
        usual, ratio = usual_distances(real)
        values = [frechet(real, drawn), *kernel_distance(real, drawn), near.precision, near.recall, near.density, near.coverage, usual, ratio]
        assert np.isfinite(values).all()
        assert copies(cosine_distances(drawn, real), ratio) == (1.0 if drawn is real else 0.0)
