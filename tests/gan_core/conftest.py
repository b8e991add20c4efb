"""Real pictures for the training core: digits with classes, sprites with transparency; each archive is made once a session."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import torch

from gan_core.config import TrainConfig
from gan_core.images.fit import Shape
from gan_core.images.store import ImageStore, prepare
from gan_core.images.survey import take_stock
from portal.datasets import samples


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Every test draws the same random numbers in every run, so that none fails once in a hundred."""
    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)


def excerpt(name: str, path: Path, *, every: int, count: int) -> Path:
    """Every so many pictures of a sample dataset, `count` at most."""
    whole = io.BytesIO()
    try:
        samples.build(name, whole)
    except LookupError as missing:
        pytest.skip(str(missing))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.namelist()[::every][:count]:
            target.writestr(member, source.read(member))
    return path


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 grey digits in ten folders."""
    return excerpt("digits", tmp_path_factory.mktemp("digits") / "digits.zip", every=50, count=100)


@pytest.fixture(scope="session")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some forty sprites with transparency, in folders, of mixed sizes."""
    return excerpt("sprites", tmp_path_factory.mktemp("sprites") / "sprites.zip", every=10, count=40)


@pytest.fixture(scope="session")
def dozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve sprites."""
    return excerpt("sprites", tmp_path_factory.mktemp("dozen") / "dozen.zip", every=30, count=12)


Prepare = Callable[[Path, TrainConfig], ImageStore]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    """prepared(archive, config): its pictures as that configuration sees them."""

    def prepare_for(source: Path, config: TrainConfig) -> ImageStore:
        manifest = take_stock(source)
        shape = Shape.of(config, manifest)
        return prepare(source, manifest, tmp_path / "pictures" / shape.key, shape)

    return prepare_for
