"""Tiny real datasets and runs for tests of the worker: 16 x 16 pictures, a network of a few thousand weights."""

import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from PIL import Image

from gan_core.config import TrainConfig
from gan_core.recipes import configure
from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.launch import launch
from portal.runs.models import Run

TINY = {
    "architecture": "mlp",
    "width": 16,
    "height": 16,
    "batch_size": 8,
    "latent_size": 8,
    "generator_width": 4,
    "discriminator_width": 4,
    "precision": "fp32",
    "augmentation": "none",
    "checkpoint_every_seconds": 1,
    "sample_every_seconds": 3600,
    "score_samples": 0,
}


def person(name: str = "mia", **values: Any) -> User:
    return User.objects.create_user(name, password="a long enough one", **values)


def archive(count: int = 24, side: int = 16) -> bytes:
    """A zip of grey pictures, in two folders; the same bytes whenever it is made."""
    random = np.random.default_rng(1)
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        for number in range(count):
            picture = BytesIO()
            Image.fromarray(random.integers(0, 256, (side, side), dtype=np.uint8)).save(picture, "PNG")
            pack.writestr(zipfile.ZipInfo(f"{'ab'[number % 2]}/{number}.png"), picture.getvalue())
    return file.getvalue()


def uploaded(owner: User, count: int = 24) -> Dataset:
    """As it is just after the upload."""
    dataset = Dataset(owner=owner, name="Noise", archive_name="noise.zip")
    dataset.archive.save("archive", ContentFile(archive(count)), save=False)
    dataset.save()
    return dataset


def checked(owner: User) -> Dataset:
    """Ready to train on; checked by the real ingest."""
    from worker.ingest import ingest

    dataset = uploaded(owner)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Dataset.Status.READY, dataset.error
    return dataset


def config(*, steps: int, seed: int = 1, **changes: Any) -> TrainConfig:
    return configure(None, {**TINY, "steps": steps, "seed": seed, **changes})


def launched(owner: User, dataset: Dataset, *, steps: int, seed: int = 1, **changes: Any) -> Run:
    return launch(owner, dataset, name="Tiny", recipe=None, changes={**TINY, "steps": steps, "seed": seed, **changes})


def ready(owner: User) -> Dataset:
    """A row that says it is ready, without files: for tests that never train."""
    return Dataset.objects.create(owner=owner, name="Noise", status=Dataset.Status.READY, image_count=24)
