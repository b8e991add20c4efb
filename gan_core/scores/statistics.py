"""How far two sets of features (N, D) are apart, as distributions."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

BLOCKS = 10
"""Into which both sets are split for the standard error of the kernel distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and scatter of features that come in parts (Chan, Golub and LeVeque 1979), float64."""

    count: int
    mean: Tensor
    """(D,)"""
    scatter: Tensor
    """(D, D), the sum of outer products of what deviates from the mean."""

    @classmethod
    def of(cls, features: Tensor) -> Self:
        """Of (N, D), N at least 1."""
        exact = features.double()
        mean = exact.mean(0)
        centred = exact - mean
        return cls(len(exact), mean, centred.T @ centred)

    def __add__(self, other: Self) -> Self:
        count = self.count + other.count
        apart = other.mean - self.mean
        scatter = self.scatter + other.scatter + torch.outer(apart, apart) * (self.count * other.count / count)
        return type(self)(count, self.mean + apart * (other.count / count), scatter)

    @property
    def covariance(self) -> Tensor:
        """(D, D), unbiased; zero for a single picture."""
        return self.scatter / max(1, self.count - 1)


def frechet_of(one: Moments, other: Moments) -> float:
    """Fréchet distance of two Gaussians with these moments (Dowson and Landau 1982): |a - b|² + tr(A + B - 2 (AB)^½)."""
    values, vectors = torch.linalg.eigh(one.covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    # AB has the eigenvalues of the symmetric A^½ B A^½, which none can turn out negative or complex but by rounding
    common = torch.linalg.eigvalsh(root @ other.covariance @ root).clamp(min=0).sqrt().sum()
    return _distance(one.mean, other.mean, one.covariance.trace() + other.covariance.trace(), common)


def frechet(one: Tensor, other: Tensor) -> float:
    """The same of two sets of features (M, D) and (N, D), at the cost of the smallest of M, N and D.

    With centred features X and Y, the eigenvalues of AB but for zeros are those of (X Yᵀ)(X Yᵀ)ᵀ, shared out over M - 1 and N - 1.
    """
    if min(len(one), len(other)) > one.shape[1]:
        return frechet_of(Moments.of(one), Moments.of(other))
    a, b = one.double(), other.double()
    x, y = a - a.mean(0), b - b.mean(0)
    degrees = max(1, len(x) - 1), max(1, len(y) - 1)
    cross = x @ y.T if len(x) <= len(y) else y @ x.T  # (smaller, larger)
    common = torch.linalg.eigvalsh(cross @ cross.T).clamp(min=0).sqrt().sum() / (degrees[0] * degrees[1]) ** 0.5
    return _distance(a.mean(0), b.mean(0), x.square().sum() / degrees[0] + y.square().sum() / degrees[1], common)


def _distance(one: Tensor, other: Tensor, traces: Tensor, common: Tensor) -> float:
    return max(0.0, float((one - other).square().sum() + traces - 2 * common))


def kernel_distance(one: Tensor, other: Tensor, seed: int) -> tuple[float, float]:
    """(squared maximum mean discrepancy, its standard error) of (M, D) and (N, D), kernel (x·y / D + 1)³: the KID (Bińkowski et al. 2018).

    Unbiased, over all pairs. The error is that of the mean over disjoint random blocks of both sets, drawn by the seed.
    """
    like_one, like_other, across = _kernel(one, one), _kernel(other, other), _kernel(one, other)
    whole = _discrepancy(like_one, like_other, across)
    blocks = min(BLOCKS, len(one) // 2, len(other) // 2)
    if blocks < 2:
        return whole, abs(whole)
    generator = torch.Generator().manual_seed(seed)
    rows, columns = (torch.randperm(len(x), generator=generator).tensor_split(blocks) for x in (one, other))
    parts = [_discrepancy(like_one[i][:, i], like_other[j][:, j], across[i][:, j]) for i, j in zip(rows, columns, strict=True)]
    return whole, float(torch.tensor(parts, dtype=torch.float64).std() / blocks**0.5)


def _kernel(one: Tensor, other: Tensor) -> Tensor:
    return (one @ other.T / one.shape[1] + 1) ** 3


def _discrepancy(like_one: Tensor, like_other: Tensor, across: Tensor) -> float:
    return _off_diagonal(like_one) + _off_diagonal(like_other) - 2 * float(across.double().mean())


def _off_diagonal(square: Tensor) -> float:
    """Mean of what is not on the diagonal; of a single picture, all there is."""
    count = len(square)
    exact = square.double()
    return float((exact.sum() - exact.trace()) / (count * (count - 1))) if count > 1 else float(exact.mean())
