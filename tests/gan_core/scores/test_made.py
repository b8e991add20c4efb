"""Sets of pictures of which everybody knows what a score must say, made from real digits."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from gan_core.events import Scores
from gan_core.scores import compare
from tests.gan_core.scores.conftest import Digits, Pictures

COUNT = 120


def blurred(images: Pictures, radius: float) -> Pictures:
    return np.stack([np.asarray(Image.fromarray(one[..., 0]).filter(ImageFilter.GaussianBlur(radius)))[..., None] for one in images])


def noisy(images: Pictures, deviation: float) -> Pictures:
    return np.clip(images + np.random.default_rng(0).normal(0, deviation, images.shape), 0, 255).round().astype(np.uint8)


def score(digits: Digits, drawn: Pictures | Tensor) -> Scores:
    features = drawn if isinstance(drawn, Tensor) else digits.extractor(drawn)
    return compare(digits.reference, features, step=0, seconds=0, seed=0)


@pytest.fixture(scope="module")
def some(digits_apart: Digits) -> Digits:
    """Every so many of the other digits, of all classes."""
    taken = slice(None, None, 300 // COUNT + 1)
    other, labels, features = digits_apart.other[taken], digits_apart.labels[taken], digits_apart.features[taken]
    return replace(digits_apart, other=other, labels=labels, features=features)


@pytest.fixture(scope="module")
def real(some: Digits) -> Scores:
    """What real pictures get that are not among the training pictures: the best of all scores."""
    return score(some, some.features)


def test_real_pictures_have_the_best_scores(real: Scores) -> None:
    assert abs(real.kid) < 3 * real.kid_error
    assert real.precision > 0.6 and real.recall > 0.5 and real.density > 0.7 and real.coverage > 0.6
    assert real.copies <= 0.02 and real.mifid < 10 * real.fd


def test_one_picture_over_and_over_is_precise_and_covers_nothing(some: Digits, real: Scores) -> None:
    collapsed = score(some, some.features[:1].repeat(len(some.features), 1))
    assert collapsed.recall < 0.02 and collapsed.coverage < 0.05 and collapsed.copies == 0
    assert collapsed.fd > 2 * real.fd and collapsed.kid > 10 * collapsed.kid_error > 0


def test_noise_is_like_nothing(some: Digits, real: Scores) -> None:
    noise = score(some, np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8))
    assert (noise.precision, noise.density, noise.recall, noise.copies) == (0, 0, 0, 0) and noise.coverage < 0.02
    assert noise.fd > 5 * real.fd and noise.kid > 10 * noise.kid_error


def test_the_more_blurred_the_worse(some: Digits, real: Scores) -> None:
    series = [real, *(score(some, blurred(some.other, radius)) for radius in (0.5, 0.8, 1.5))]
    for name in ("fd", "kid"):
        values = [getattr(one, name) for one in series]
        assert values == sorted(values) and values[1] > values[0] + series[0].kid_error, name
    for name in ("precision", "density", "coverage"):
        values = [getattr(one, name) for one in series]
        assert values == sorted(values, reverse=True) and values[-1] < values[0] / 2, name


def test_a_class_that_is_missing_is_missed(digits_apart: Digits) -> None:
    """Against as many pictures of all classes: scores depend on the count."""
    present = np.flatnonzero(digits_apart.labels > 2)
    of_all = np.arange(len(present)) * 300 // len(present)
    whole, lacking = (score(digits_apart, digits_apart.features[torch.from_numpy(places)]) for places in (of_all, present))
    assert lacking.samples == whole.samples == 210
    assert lacking.recall < whole.recall - 0.05 and lacking.coverage < whole.coverage - 0.1
    assert lacking.fd > 1.2 * whole.fd and lacking.kid > lacking.kid_error > whole.kid


def test_training_pictures_are_recognised(some: Digits) -> None:
    copied = score(some, some.reference.features)
    assert copied.copies == 1 and copied.fd < 1e-3 and copied.kid <= 0
    assert (copied.precision, copied.recall, copied.coverage) == (1, 1, 1)


def test_half_of_them_copied_is_half(some: Digits, real: Scores) -> None:
    count = len(some.features)
    half = score(some, torch.cat([some.reference.features[:count], some.features]))
    assert half.copies == pytest.approx(0.5, abs=0.02)


def test_copies_with_faint_changes_are_recognised(some: Digits, real: Scores) -> None:
    training = some.training[::8]
    faint = score(some, noisy(training, 1))
    dimmed = score(some, (training * 0.97).astype(np.uint8))
    assert faint.copies > 0.9 and dimmed.copies > 0.9
    assert faint.mifid / faint.fd > 5 * real.mifid / real.fd
