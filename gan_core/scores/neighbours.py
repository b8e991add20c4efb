"""What lies near what among features of training pictures (M, D) and drawn ones (N, D)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

PRECISION_NEIGHBOURS = 3
"""Of Kynkäänniemi et al. 2019."""
COVERAGE_NEIGHBOURS = 5
"""Of Naeem et al. 2020."""
MEMORISED = 0.1
"""Cosine distance from which on MiFID takes drawn pictures for new ones."""


@dataclass(frozen=True, slots=True)
class Manifold:
    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: Tensor, drawn: Tensor) -> Manifold:
    """Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020), Euclidean.

    A set of k pictures or fewer has balls that reach to its farthest pictures; a single one is near nothing but its like.
    """
    apart = torch.cdist(real, drawn)  # (M, N)
    among_real, among_drawn = _among(real), _among(drawn)
    narrow, wide = _radii(among_real, PRECISION_NEIGHBOURS), _radii(among_real, COVERAGE_NEIGHBOURS)
    around_drawn = _radii(among_drawn, PRECISION_NEIGHBOURS)
    neighbours = max(1, min(COVERAGE_NEIGHBOURS, len(real) - 1))
    return Manifold(
        precision=_mean((apart <= narrow[:, None]).any(0)),
        recall=_mean((apart <= around_drawn[None]).any(1)),
        density=_mean((apart <= wide[:, None]).sum(0)) / neighbours,
        coverage=_mean(apart.min(1).values <= wide),
    )


def _mean(values: Tensor) -> float:
    return float(values.double().mean())


def _among(features: Tensor) -> Tensor:
    """(N, N) distances with zeros on the diagonal."""
    return torch.cdist(features, features).fill_diagonal_(0)


def _radii(among: Tensor, neighbours: int) -> Tensor:
    """(N,), the distance of each to that neighbour, itself not counted."""
    return among.kthvalue(min(neighbours + 1, len(among)), dim=1).values


def cosine_distances(one: Tensor, other: Tensor) -> Tensor:
    """(M, N), 0..2."""
    return (1 - functional.normalize(one) @ functional.normalize(other).T).clamp(0, 2)


def usual_distance(features: Tensor) -> float:
    """Median cosine distance from one of (M, D) to the nearest other one; 0 for a single one."""
    if len(features) < 2:
        return 0.0
    return float(cosine_distances(features, features).fill_diagonal_(torch.inf).min(1).values.median())


def memorisation_penalty(nearest: Tensor) -> float:
    """By which MiFID divides the FID, of the (N,) cosine distances to the nearest training pictures (Bai et al. 2021)."""
    distance = _mean(nearest)
    return max(distance, 1e-6) if distance < MEMORISED else 1.0
