"""This node's disk: prepared datasets, shared by all runs that ask for the same shape, and the runs' work directories."""

import shutil
import time
import uuid
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.fit import Shape, training_count
from gan_core.images.store import ImageStore, prepare
from gan_core.images.windows import windows
from portal.datasets import pictures
from portal.datasets.models import Dataset
from portal.runs.models import Run
from worker.ingest import limits

CACHE: Path = settings.GANVAS_CACHE
PREPARED = CACHE / "prepared"
WORK = CACHE / "work"
UUID_LENGTH = 36
DAY = 86400


def images(dataset: Dataset, config: TrainConfig) -> ImageStore:
    """The dataset as this configuration trains on it, prepared by whoever asks first.

    Raises:
        GanCoreError: the archive is gone or no longer what was checked.
    """
    manifest = pictures.manifest(dataset)
    shape = Shape.of(config, manifest)
    directory = PREPARED / f"{dataset.pk}-{shape.key}"
    if directory.is_dir():
        return ImageStore.open(directory)
    print(f"Preparing {training_count(manifest, config)} pictures.", flush=True)
    if not dataset.archive.storage.exists(str(dataset.archive.name)):
        raise GanCoreError("The archive of these pictures is no longer in storage. Upload it again.")
    try:
        return prepare(Path(dataset.archive.path), manifest, directory, shape, limits())
    except NotImplementedError:  # remote storage knows no paths
        with dataset.archive.open("rb") as archive:
            return prepare(cast(BinaryIO, archive), manifest, directory, shape, limits())


def files(dataset: Dataset, config: TrainConfig) -> list[int]:
    """For each place in the prepared pictures the index of the dataset's picture that it was cut out of."""
    manifest = pictures.manifest(dataset)
    shape = Shape.of(config, manifest)
    # tiles are as many of each, and their places take long to work out
    return [index for index, entry in enumerate(manifest.entries) for _ in (range(shape.tiles) if shape.tiles else windows(entry, shape))]


def work_directory(run_id: uuid.UUID, attempt: int) -> Path:
    """An empty directory for one attempt."""
    path = WORK / f"{run_id}_{attempt}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def discard_work(run_id: uuid.UUID, attempt: int) -> None:
    shutil.rmtree(WORK / f"{run_id}_{attempt}", ignore_errors=True)


def sweep() -> None:
    """Delete what dead workers of this node have left: work of attempts that hold nothing, pictures of datasets that are gone."""
    for path in WORK.glob("*_*"):
        run_id, attempt = path.name.rsplit("_", 1)
        if not Run.objects.held_by(run_id, int(attempt)).exists():
            shutil.rmtree(path, ignore_errors=True)
    for path in PREPARED.glob("[!.]*"):
        if not Dataset.objects.filter(pk=path.name[:UUID_LENGTH]).exists():
            shutil.rmtree(path, ignore_errors=True)
    for path in PREPARED.glob(".*"):  # begun and never finished; a living preparer would have ended long ago
        if path.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(path, ignore_errors=True)
