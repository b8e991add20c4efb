"""Training pictures as what others are compared with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.scores import Extractor, Reference, compare
from tests.gan_core.conftest import Prepare
from tests.gan_core.scores.conftest import Digits


class Counting:
    """An extractor that knows how many pictures it saw."""

    def __init__(self, extractor: Extractor) -> None:
        self.extractor, self.name, self.key = extractor, extractor.name, extractor.key
        self.seen = 0

    def __call__(self, images: np.ndarray, background: str) -> torch.Tensor:
        self.seen += len(images)
        return self.extractor(images, background)


def test_it_takes_pictures_from_all_over_and_works_them_out_once(digits: Path, prepared: Prepare, lite: Extractor) -> None:
    images = prepared(digits, TrainConfig(steps=1, width=16, height=16))
    counting = Counting(lite)
    first, again = (Reference.of(images, counting, "#ffffff", most=30) for _ in range(2))  # type: ignore[arg-type]
    assert counting.seen == 30 and torch.equal(first.features, again.features) and first.usual == again.usual > 0
    assert first.places.tolist() == [number * 10 // 3 for number in range(30)]
    assert torch.allclose(first.features[[3, 7]], lite(images.images[[10, 23]]), atol=1e-4)
    assert images.directory is not None and [path.name for path in images.directory.glob("*features*")] == ["features-lite0-128-ffffff-30.npy"]


def test_another_background_is_another_reference(sprites: Path, prepared: Prepare, lite: Extractor) -> None:
    images = prepared(sprites, TrainConfig(steps=1, width=16, height=16, channels="rgba"))
    white, red = (Reference.of(images, lite, background, most=4) for background in ("#ffffff", "#ff0000"))
    assert white.places.tolist() == red.places.tolist() and not torch.allclose(white.features, red.features)


def test_a_disk_that_takes_nothing_more_does_not_matter(digits: Path, prepared: Prepare, lite: Extractor) -> None:
    images = replace(prepared(digits, TrainConfig(steps=1, width=16, height=16)), directory=Path("/proc/nowhere"))
    assert len(Reference.of(images, lite, "#ffffff", most=3).features) == 3


def test_the_nearest_of_a_training_picture_is_itself(digits_apart: Digits) -> None:
    reference = digits_apart.reference
    found = reference.nearest(reference.features[[5, 100]], count=4)
    assert found.indices.shape == found.distances.shape == (2, 4) and found.indices.dtype == np.int64
    assert found.indices[:, 0].tolist() == [5, 100] and found.distances[:, 0] == pytest.approx(0, abs=1e-6)
    assert (np.diff(found.distances) >= 0).all() and (found.usual, found.extractor) == (reference.usual, "EfficientNet-Lite0 at 128 px")


def test_indices_are_places_in_the_store(digits_apart: Digits, lite: Extractor) -> None:
    images = ImageStore(digits_apart.training, None, ())  # type: ignore[arg-type]
    reference = Reference.of(images, lite, "#ffffff", most=10)
    assert reference.nearest(lite(digits_apart.training[[90]]), count=1).indices.tolist() == [[90]]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_few_training_pictures_are_enough(count: int, digits_apart: Digits) -> None:
    images = ImageStore(digits_apart.training[:count], None, ())  # type: ignore[arg-type]
    reference = Reference.of(images, digits_apart.extractor, "#ffffff")
    scores = compare(reference, digits_apart.features[:20], step=7, seconds=2.5, seed=3, cost=1.5)
    assert (scores.step, scores.seconds, scores.seed, scores.samples, scores.real, scores.cost) == (7, 2.5, 3, 20, count, 1.5)
    numbers = [scores.fd, scores.kid, scores.kid_error, scores.precision, scores.recall, scores.density, scores.coverage, scores.mifid]
    assert np.isfinite(numbers).all() and scores.copies == 0
    assert compare(reference, reference.features, step=0, seconds=0, seed=0).copies == 1
    assert reference.nearest(digits_apart.features[:2]).indices.shape == (2, min(6, count))


def test_the_same_pictures_have_the_same_score(digits_apart: Digits) -> None:
    one, again = (compare(digits_apart.reference, digits_apart.features, step=0, seconds=0, seed=0) for _ in range(2))
    assert one == again
