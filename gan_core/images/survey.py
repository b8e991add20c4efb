"""Look at every picture of an archive once: is it whole, how large, which mode, seen before?"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from gan_core.errors import ArchiveRefused, PictureSkipped
from gan_core.images import SKIP_REASONS, voc
from gan_core.images.archive import Annotation, Item, Limits, Member, Skipped, members
from gan_core.images.boxes import Box, pair, upright
from gan_core.images.decode import Picture, decode
from gan_core.images.manifest import Entry, Listed, Manifest, compose
from gan_core.images.ordered import in_order

MOST_BOXES = 1_000_000
"""Of one archive: each may become a picture to train on."""
LOOK = (128, 128)
"""Pictures are decoded at least this large where a format allows to save work. All of a JPEG is still read."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    path: str
    label: str | None
    """Name of the folder the picture lies in; None at the top."""
    picture: Picture
    digest: str
    """Of the pixels as decoded."""

    def listed(self) -> Self:
        """Without its pixels, for who only lists it: a hundred million of them need not wait for their turn."""
        return replace(self, picture=replace(self.picture, array=self.picture.array[:0].copy()))


@dataclass(frozen=True, slots=True)
class Annotated:
    path: str
    boxes: tuple[Box, ...]
    """In pixels of a picture that is not known yet."""
    size: tuple[int, int] | None
    """(width, height) of that picture, as far as the annotation says."""


Seen = Found | Annotated | Skipped


def survey(source: Path | BinaryIO, limits: Limits = Limits()) -> Iterator[Seen]:  # noqa: B008 - frozen
    """Every file of the source, decoded, read or skipped, in the order of the archive. Pictures are `listed`.

    Raises:
        ArchiveRefused: as `archive.members`.
    """
    return (seen for _, seen in in_order(partial(_listed, limits=limits), members(source, limits), weight))


def weight(member: Item) -> int:
    """Bytes to decode."""
    return len(member.data) if isinstance(member, Member) else 0


def _listed(member: Item, limits: Limits) -> Seen:
    seen = look(member, limits)
    return seen.listed() if isinstance(seen, Found) else seen


def look(member: Item, limits: Limits) -> Seen:
    if isinstance(member, Skipped):
        return member
    try:
        if isinstance(member, Annotation):
            return Annotated(member.path, *voc.parse(member.data))
        picture = decode(member.data, pixels=limits.pixels, at_least=LOOK)
    except PictureSkipped as skipped:
        return Skipped(member.path, skipped.reason, skipped.detail)
    return Found(member.path, member.label, picture, _digest(picture))


def _digest(picture: Picture) -> str:
    digest = hashlib.blake2b(repr(picture.array.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture.array).data)
    return digest.hexdigest()


class Inventory:
    """Gathers what a survey yields into a manifest."""

    def __init__(self) -> None:
        self._count = 0
        self._listed: list[Listed] = []
        self._annotated: list[Annotated] = []
        self._boxes = 0
        self._reasons: dict[str, int] = {}

    def add(self, item: Seen) -> None:
        """Raises ArchiveRefused when there are too many boxes."""
        position = self._count
        self._count += 1
        if isinstance(item, Skipped):
            self._reasons[item.reason] = self._reasons.get(item.reason, 0) + 1
        elif isinstance(item, Annotated):
            self._annotate(item)
        else:
            self._list(position, item)

    def _list(self, position: int, item: Found) -> None:
        picture = item.picture
        entry = Entry(position, item.path, None, picture.width, picture.height, picture.mode, picture.transparent, picture.grey, item.digest)
        self._listed.append(Listed(item.label, entry, picture.orientation))

    def _annotate(self, item: Annotated) -> None:
        self._boxes += len(item.boxes)
        if self._boxes > MOST_BOXES:
            raise ArchiveRefused(f"The annotations hold more than {MOST_BOXES:,} boxes, which is the limit here.")
        self._annotated.append(item)

    def manifest(self) -> Manifest:
        """Raises ArchiveRefused if there is not a single picture."""
        skipped = sum(self._reasons.values())
        if not self._listed:
            raise ArchiveRefused(_nothing(self._reasons) if skipped else "There is not a single picture in it.")
        pairs = pair([item.entry.path for item in self._listed], [item.path for item in self._annotated])
        listed = [_boxed(item, self._annotated[pairs[index]]) if index in pairs else item for index, item in enumerate(self._listed)]
        return compose(listed, skipped)


def _boxed(item: Listed, annotated: Annotated) -> Listed:
    """Boxes are in the file's own pixels, unless the size beside them says that the picture was upright already."""
    entry, orientation = item.entry, item.orientation
    if orientation >= 5 and annotated.size == (entry.width, entry.height) != (entry.height, entry.width):
        orientation = 1
    turned = (upright(box, orientation, entry.width, entry.height) for box in annotated.boxes)
    return replace(item, entry=replace(entry, boxes=tuple(box for box in turned if box)))


def take_stock(source: Path | BinaryIO, limits: Limits = Limits()) -> Manifest:  # noqa: B008 - frozen
    """The manifest of the source in one call. Raises ArchiveRefused."""
    inventory = Inventory()
    for item in survey(source, limits):
        inventory.add(item)
    return inventory.manifest()


def _nothing(reasons: dict[str, int]) -> str:
    """ "There is not a single picture in it: 3 x damaged, 1 x encrypted." """
    ranked = sorted(reasons.items(), key=lambda item: -item[1])
    counts = ", ".join(f"{count:,} x {SKIP_REASONS[reason].lower()}" for reason, count in ranked)
    return f"There is not a single picture in it: {counts}."
