"""This node's disk: prepared datasets, shared by all runs that ask for the same shape, and the runs' work directories."""

import json
import math
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.fit import Shape, training_count
from gan_core.images.manifest import Manifest
from gan_core.images.member import size_text
from gan_core.images.store import ImageStore, prepare
from gan_core.images.windows import windows
from portal.datasets import pictures
from portal.datasets.models import Dataset
from portal.runs.models import Run
from worker import cache
from worker.cache import ARCHIVES, CACHE, PREPARED
from worker.ingest import limits

WORK = CACHE / "work"
SEAL = "digests.json"
"""Beside prepared pictures: the digest of each file, by its name."""
FETCHES = 2
"""Times that an archive is fetched before what arrives is believed to be what lies there."""
UUID_LENGTH = 36
DAY = 86400


def images(dataset: Dataset, config: TrainConfig) -> ImageStore:
    """The dataset as this configuration trains on it, prepared by whoever asks first and checked by everybody; it stays while this process lives.

    Raises:
        GanCoreError: the archive is gone or no longer what was checked.
    """
    manifest = pictures.manifest(dataset)
    shape = Shape.of(config, manifest)
    directory = PREPARED / f"{dataset.pk}-{shape.key}"
    if not _usable(directory):
        with cache.making(directory):
            if not _usable(directory):
                _prepare(dataset, manifest, directory, shape)
    return ImageStore.open(directory)


def _usable(directory: Path) -> bool:
    """It is there and as it was made. Reading all of it takes no longer than training would take to read it first."""
    if not cache.use(directory):
        return False
    try:
        sealed = json.loads((directory / SEAL).read_text())
        if all(cache.digest(directory / name) == known for name, known in sealed.items()):
            return True
    except (FileNotFoundError, ValueError):
        pass
    print("The prepared pictures on this machine are damaged or half done, and made again.", flush=True)
    return False


def _prepare(dataset: Dataset, manifest: Manifest, directory: Path, shape: Shape) -> None:
    count = training_count(manifest, shape)
    print(f"Preparing {count} pictures.", flush=True)
    cache.discard(directory)
    archive = _archive(dataset)
    cache.make_room(count * math.prod((shape.height, shape.width, shape.channels)))
    prepare(archive, manifest, directory, shape, limits())
    cache.release(archive)
    seal = {path.name: cache.digest(path) for path in sorted(directory.iterdir())}
    (directory / SEAL).write_text(json.dumps(seal))
    cache.use(directory)


def _archive(dataset: Dataset) -> Path:
    """The dataset's archive on a disk of this node: where storage is remote a copy, which is kept."""
    if not dataset.archive.storage.exists(str(dataset.archive.name)):
        raise GanCoreError("The archive of these pictures is no longer in storage. Upload it again.")
    try:
        return Path(dataset.archive.path)
    except NotImplementedError:  # remote storage knows no paths
        pass
    path = ARCHIVES / str(dataset.pk)
    with cache.making(path):
        for _ in range(FETCHES):
            if cache.use(path) and _is_whole(path, dataset):
                return path
            _fetch(dataset, path)
        if cache.use(path) and _is_whole(path, dataset):
            return path
    raise GanCoreError("The archive of these pictures is no longer what was checked. Upload it again.")


def _is_whole(path: Path, dataset: Dataset) -> bool:
    """Archives that were checked by an older version have no digest; of these the pictures are compared one by one, as of all."""
    return not dataset.sha256 or cache.digest(path) == dataset.sha256


def _fetch(dataset: Dataset, path: Path) -> None:
    cache.discard(path)
    cache.make_room(dataset.archive.size)
    print(f"Fetching the archive, {size_text(dataset.archive.size)}.", flush=True)
    unfinished = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with dataset.archive.open("rb") as remote, unfinished.open("wb") as copy:
            shutil.copyfileobj(remote, copy)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)  # nothing counts what is half fetched, and the disk may be full of it


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
    """Delete what nobody needs on this node: work of attempts that hold nothing, pictures of datasets that are gone, and what is above the bound."""
    for path in WORK.glob("*_*"):
        run_id, attempt = path.name.rsplit("_", 1)
        if not Run.objects.held_by(run_id, int(attempt)).exists():
            shutil.rmtree(path, ignore_errors=True)
    for path in (*PREPARED.glob("[!.]*"), *ARCHIVES.glob("[!.]*")):
        if not Dataset.objects.filter(pk=path.name[:UUID_LENGTH]).exists():
            cache.discard(path)
            cache.lock_file(path).unlink(missing_ok=True)
    for path in (*PREPARED.glob(".*"), *ARCHIVES.glob(".*")):  # begun and never finished; a living maker would have ended long ago
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if path.suffix != cache.LOCK and path.stat().st_mtime < time.time() - DAY:
                cache.discard(path)
    cache.make_room()
