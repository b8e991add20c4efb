"""A few of a dataset's pictures, kept so that a preview need not open the archive: each whole but no larger than needed, and of
large ones also the middle in full detail, for tiles."""

from collections.abc import Iterable

from django.conf import settings

from gan_core.images.decode import Pixels, decode
from portal.datasets import pack
from portal.datasets.smaller import Original

MOST = 64


def kept(count: int) -> range:
    """Which of `count` pictures are kept: every one, every second, every fourth, …"""
    stride = 1
    while len(range(0, count, stride)) > MOST:
        stride *= 2
    return range(0, count, stride)


def write(originals: Iterable[Original], packed: pack.Pack) -> None:
    """All pictures, then all middles, unless there are none."""
    middles = []
    for one in originals:
        packed.add(one.whole)
        middles.append(one.middle)
    if any(middles):
        for middle in middles:
            packed.add(middle)


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
