"""A checked dataset's manifest, thumbnails and originals: where they lie in storage, how they are written and read.

Written once by the worker that checked the archive, under a name that holds its attempt, and never changed; so a
worker that lost its claim cannot spoil them, and readers may keep what they have read.
"""

import gzip
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from threading import Lock
from typing import BinaryIO, Self, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gan_core.images.manifest import Manifest
from gan_core.images.ordered import HEAVY, in_order
from portal.datasets import originals, pack
from portal.datasets.models import Dataset
from portal.datasets.smaller import original


def place(dataset: Dataset) -> str:
    """Storage prefix of what this attempt of checking the dataset has written."""
    return f"{dataset.directory}/checked-{dataset.attempt}"


def manifest(dataset: Dataset) -> Manifest:
    """What is in a checked dataset. Raises FileNotFoundError if it is not checked."""
    return _manifest(f"{place(dataset)}/manifest.json.gz")


KEPT_PICTURES = 400_000
"""Pictures whose manifests a process keeps: those of a hundred thousand pictures take some 40 MB."""
_manifests: OrderedDict[str, Manifest] = OrderedDict()
"""By their names; the last one was used last."""
_manifests_lock = Lock()


def _manifest(name: str) -> Manifest:
    with _manifests_lock:
        if name in _manifests:
            _manifests.move_to_end(name)
            return _manifests[name]
    with default_storage.open(name, "rb") as file:
        found = Manifest.from_json(gzip.decompress(file.read()))
    with _manifests_lock:
        _manifests[name] = found
        while len(_manifests) > 1 and sum(map(len, _manifests.values())) > KEPT_PICTURES:
            _manifests.popitem(last=False)
    return found


def thumbnail(dataset: Dataset, index: int) -> bytes:
    """WebP with alpha, longest side at most 128 pixels.

    Raises:
        IndexError: there is no such picture.
        FileNotFoundError: the dataset is not checked.
    """
    return pack.blob(f"{place(dataset)}/thumbnails", index)


def originals_name(dataset: Dataset) -> str:
    """Of the pack that `portal.datasets.originals` reads."""
    return f"{place(dataset)}/originals"


class Writer:
    """Gathers what a checked dataset keeps; small in memory however many pictures there are."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._files: dict[int, BinaryIO] = {}
        self._stride = 1
        self._count = 0

    def __enter__(self) -> Self:
        self._thumbnails = pack.Pack(self._scratch())
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, file: bytes, small: bytes) -> None:
        """The next picture's file, one that can be decoded, and its thumbnail."""
        self._thumbnails.add(small)
        if self._count % self._stride == 0:
            self._files[self._count] = self._scratch()
            self._files[self._count].write(file)
        self._count += 1
        if len(self._files) > originals.MOST:  # every second, every fourth, …: evenly spread, though the end is unknown
            self._stride *= 2
            for index in [index for index in self._files if index % self._stride]:
                self._files.pop(index).close()

    def store(self, dataset: Dataset, manifest: Manifest) -> int:
        """Save everything in the file storage under `place(dataset)`; bytes stored."""
        prefix = place(dataset)
        kept = pack.Pack(self._scratch())
        drawn = in_order(partial(original, pixels=settings.GANVAS_PICTURE_PIXELS), self._kept(), lambda _: HEAVY)
        originals.write((one for _, one in drawn), kept)
        packed = gzip.compress(manifest.to_json().encode(), compresslevel=5, mtime=0)
        stored = self._thumbnails.store(f"{prefix}/thumbnails") + kept.store(originals_name(dataset))
        default_storage.save(f"{prefix}/manifest.json.gz", ContentFile(packed))
        return stored + len(packed)

    def _kept(self) -> Iterator[bytes]:
        for file in self._files.values():
            file.seek(0)
            yield file.read()

    def _scratch(self) -> BinaryIO:
        scratch = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed by the stack
        return cast(BinaryIO, self._open.enter_context(scratch))
