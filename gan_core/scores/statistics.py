"""How far two sets of features (N, D) are apart, as distributions."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


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


def kernel_distance(one: Tensor, other: Tensor) -> tuple[float, float]:
    """(squared maximum mean discrepancy, its standard error) of (M, D) and (N, D), kernel (x·y / D + 1)³: the KID (Bińkowski et al. 2018).

    Unbiased, over all pairs rather than random subsets. The error is the two-sample jackknife's: how much the value changes when single
    pictures are left out. It is a little too large where both sets come from the same source: by a quarter to a third for digits.
    """
    alike_one, alike_other, across = _kernel(one, one), _kernel(other, other), _kernel(one, other)
    for alike in (alike_one, alike_other):
        alike.fill_diagonal_(0)
    rows, columns = _sums(alike_one), _sums(alike_other)
    to_other, to_one = _sums(across), _sums(across.T)
    m, n = len(one), len(other)

    def value(left: Tensor, right: Tensor, both: Tensor, m: int, n: int) -> Tensor:
        return left / max(1, m * (m - 1)) + right / max(1, n * (n - 1)) - 2 * both / (m * n)

    left, right, both = rows.sum(), columns.sum(), to_other.sum()
    whole = float(value(left, right, both, m, n))
    if min(m, n) < 3:
        return whole, abs(whole)
    without_one = value(left - 2 * rows, right, both - to_other, m - 1, n)  # (M,)
    without_other = value(left, right - 2 * columns, both - to_one, m, n - 1)  # (N,)
    return whole, (_jackknife(without_one) + _jackknife(without_other)) ** 0.5


def _kernel(one: Tensor, other: Tensor) -> Tensor:
    return (one @ other.T / one.shape[1] + 1) ** 3


def _sums(kernel: Tensor) -> Tensor:
    """(rows,), exact enough for the differences that are formed of them."""
    return kernel.sum(1, dtype=torch.float64)


def _jackknife(left_out: Tensor) -> float:
    """Variance of a value, of the (N,) values with one picture left out each."""
    return float((left_out - left_out.mean()).square().sum() * (len(left_out) - 1) / len(left_out))
