"""This node's disk: prepared datasets, shared by all runs that ask for the same shape, and the runs' work directories."""

import shutil
import uuid
from pathlib import Path

from django.conf import settings

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.fit import Shape
from gan_core.images.store import ImageStore, prepare
from portal.datasets import pictures
from portal.datasets.models import Dataset
from portal.runs.models import Run

CACHE: Path = settings.GANVAS_CACHE
PREPARED = CACHE / "prepared"
WORK = CACHE / "work"


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
    print(f"Preparing {dataset.image_count} pictures.", flush=True)
    try:
        with dataset.archive.open("rb") as archive:
            return prepare(archive, manifest, directory, shape)
    except FileNotFoundError as error:
        raise GanCoreError("The archive of these pictures is no longer in storage. Upload it again.") from error


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
    for path in PREPARED.glob("*"):
        dataset_id = path.name[:36]
        if _is_uuid(dataset_id) and not Dataset.objects.filter(pk=dataset_id).exists():
            shutil.rmtree(path, ignore_errors=True)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
