"""A few of a dataset's pictures, kept so that a preview need not open the archive: each whole but no larger than needed, and of
large ones also the middle in full detail, for tiles."""

import io
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from PIL import Image

from gan_core.images.decode import Pixels, decode
from portal.datasets import pack

MOST = 64
SIDE = 512
"""Shorter side at which they are kept, pixels: as large as any network draws."""
LENGTH = 4096
MIDDLE = 1024
"""Side of the middle of a large picture, pixels."""


def kept(count: int) -> range:
    """Which of `count` pictures are kept: every one, every second, every fourth, …"""
    stride = 1
    while len(range(0, count, stride)) > MOST:
        stride *= 2
    return range(0, count, stride)


def reduction(width: int, height: int) -> float:
    """How many times smaller than its file a picture is kept; at least 1."""
    return max(1.0, min(width, height) / SIDE, max(width, height) / LENGTH)


@dataclass(frozen=True, slots=True)
class Original:
    whole: bytes
    """PNG."""
    middle: bytes
    """WebP; empty if `whole` has all detail."""


def original(file: bytes) -> Original:
    """From a file that can be decoded."""
    image = as_image(decode(file, pixels=settings.GANVAS_PICTURE_PIXELS).array)
    shrunk = reduction(*image.size)
    if shrunk == 1:
        return Original(encoded(image, "PNG", compress_level=1), b"")
    left, top = (max(0, (side - MIDDLE) // 2) for side in image.size)
    middle = image.crop((left, top, min(image.width, left + MIDDLE), min(image.height, top + MIDDLE)))
    size = max(1, round(image.width / shrunk)), max(1, round(image.height / shrunk))
    whole = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return Original(encoded(whole, "PNG", compress_level=1), encoded(middle, "WEBP", quality=90, method=0))


def write(originals: list[Original], packed: pack.Pack) -> None:
    """All pictures, then all middles, unless there are none."""
    for one in originals:
        packed.add(one.whole)
    if any(one.middle for one in originals):
        for one in originals:
            packed.add(one.middle)


class Originals:
    """Those of a dataset of `count` pictures, in the stored pack `name`. Raises FileNotFoundError if it is not there."""

    def __init__(self, name: str, count: int) -> None:
        self.indices = kept(count)
        self._name = name
        self._has_middles = pack.count(name) == 2 * len(self.indices)

    def whole(self, place: int) -> Pixels:
        return self._pixels(pack.blob(self._name, place))

    def middle(self, place: int) -> Pixels | None:
        """In full detail; None if the picture is small enough to be kept so anyway."""
        blob = pack.blob(self._name, len(self.indices) + place) if self._has_middles else b""
        return self._pixels(blob) if blob else None

    def _pixels(self, blob: bytes) -> Pixels:
        return decode(blob, pixels=settings.GANVAS_PICTURE_PIXELS).array


def as_image(array: Pixels) -> Image.Image:
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else np.ascontiguousarray(array))


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()
