"""A checked dataset's manifest, thumbnails and preview: where they lie in storage, how they are written and read.

Written once by the worker that checked the archive, under a name that holds its attempt, and never changed; so a
worker that lost its claim cannot spoil them, and readers may keep what they have read.
"""

import gzip
import io
import random
import tempfile
from contextlib import ExitStack
from functools import lru_cache
from typing import BinaryIO, Self, cast

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from gan_core.images.decode import Pixels, decode
from gan_core.images.fit import Shape, fit
from gan_core.images.manifest import Manifest
from portal.datasets import pack
from portal.datasets.models import Dataset

THUMBNAIL = 128
"""Longest side, pixels."""
ORIGINALS = 64
ORIGINAL_SIDE = 512
"""Shorter side at which the preview's pictures are kept, pixels: as large as any network draws."""
ORIGINAL_LENGTH = 4096
COLUMNS = ROWS = 4


def place(dataset: Dataset) -> str:
    """Storage prefix of what this attempt of checking the dataset has written."""
    return f"{dataset.directory}/checked-{dataset.attempt}"


def manifest(dataset: Dataset) -> Manifest:
    """What is in a checked dataset. Raises FileNotFoundError if it is not checked."""
    return _manifest(f"{place(dataset)}/manifest.json.gz")


@lru_cache(maxsize=4)  # a manifest of a hundred thousand pictures takes some 40 MB
def _manifest(name: str) -> Manifest:
    with default_storage.open(name, "rb") as file:
        return Manifest.from_json(gzip.decompress(file.read()))


def thumbnail(dataset: Dataset, index: int) -> bytes:
    """WebP with alpha, longest side at most 128 pixels.

    Raises:
        IndexError: there is no such picture.
        FileNotFoundError: the dataset is not checked.
    """
    return pack.blob(f"{place(dataset)}/thumbnails", index)


def preview(dataset: Dataset, shape: Shape, *, mirror: bool, shuffle_seed: int) -> bytes:
    """PNG of 4 x 4 tiles without gaps: pictures prepared as training prepares them, another choice for every seed.

    Few pictures appear several times, as they do in a batch. Raises FileNotFoundError if the dataset is not checked.
    """
    name = f"{place(dataset)}/originals"
    chance = random.Random(shuffle_seed)
    order = chance.sample(range(kept := pack.count(name)), kept)
    sheet = np.empty((ROWS * shape.height, COLUMNS * shape.width, shape.channels), dtype=np.uint8)
    for tile in range(ROWS * COLUMNS):
        picture = decode(pack.blob(name, order[tile % kept]), pixels=settings.GANVAS_PICTURE_PIXELS)
        fitted = fit(picture.array, shape)
        if mirror and chance.random() < 0.5:
            fitted = fitted[:, ::-1]
        row, column = divmod(tile, COLUMNS)
        sheet[row * shape.height :, column * shape.width :][: shape.height, : shape.width] = fitted
    return _encoded(_image(sheet), "PNG", compress_level=1)


def drawn_small(picture: Pixels) -> bytes:
    """The thumbnail of a picture: lossless where it is tiny, since there every pixel shows."""
    image = _image(picture)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.width * image.height <= 64 * 64:
        return _encoded(image, "WEBP", lossless=True, method=1, quality=20)
    return _encoded(image, "WEBP", quality=80, method=2 if image.mode == "RGBA" else 0)


class Writer:
    """Gathers what a checked dataset keeps; small in memory however many pictures there are."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._originals: dict[int, bytes] = {}
        self._stride = 1
        self._count = 0

    def __enter__(self) -> Self:
        self._thumbnails = pack.Pack(self._scratch())
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, file: bytes, small: bytes) -> None:
        """The next picture's file, one that can be decoded, and its thumbnail from `drawn_small`."""
        self._thumbnails.add(small)
        if self._count % self._stride == 0:
            self._originals[self._count] = _original(file)
        self._count += 1
        if len(self._originals) > ORIGINALS:  # every second, every fourth, …: evenly spread, though the end is unknown
            self._stride *= 2
            self._originals = {index: data for index, data in self._originals.items() if index % self._stride == 0}

    def store(self, dataset: Dataset, manifest: Manifest) -> int:
        """Save everything in the file storage under `place(dataset)`; bytes stored."""
        prefix = place(dataset)
        originals = pack.Pack(self._scratch())
        for data in self._originals.values():
            originals.add(data)
        packed = gzip.compress(manifest.to_json().encode(), compresslevel=5, mtime=0)
        stored = self._thumbnails.store(f"{prefix}/thumbnails") + originals.store(f"{prefix}/originals")
        default_storage.save(f"{prefix}/manifest.json.gz", ContentFile(packed))
        return stored + len(packed)

    def _scratch(self) -> BinaryIO:
        scratch = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed by the stack
        return cast(BinaryIO, self._open.enter_context(scratch))


def _original(file: bytes) -> bytes:
    """The picture upright and lossless, no larger than any preview needs."""
    side = 2 * ORIGINAL_SIDE
    image = _image(decode(file, pixels=settings.GANVAS_PICTURE_PIXELS, at_least=(side, side)).array)
    scale = min(ORIGINAL_SIDE / min(image.size), ORIGINAL_LENGTH / max(image.size))
    if scale < 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _encoded(image, "PNG", compress_level=1)


def _image(array: Pixels) -> Image.Image:
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def _encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()
