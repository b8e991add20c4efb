"""A dataset prepared for one shape: a memory map that all runs on it share.

A directory with `images.npy` (uint8, (N, H, W, C)), `labels.npy` (int64, (N,), if there are classes) and `store.json`.
It appears by one rename, whole or not at all; it is never changed afterwards.
"""

import json
import math
import mmap
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from gan_core.errors import ArchiveRefused, GanCoreError, PictureSkipped
from gan_core.images.archive import Limits, Member, members
from gan_core.images.boxes import Box
from gan_core.images.decode import Pixels, decode
from gan_core.images.fit import Shape, fit, training_count
from gan_core.images.manifest import Entry, Manifest
from gan_core.images.member import size_text
from gan_core.images.ordered import in_order
from gan_core.images.windows import cut, needed, windows

READ_AHEAD_BYTES = 2**32
"""Of pictures up to so many bytes the system may read those beside the ones that are asked for: soon all are in memory."""
WAITING_BYTES = 2**25
"""Pieces of one picture that may wait for their turn in memory; more are cut out of it when they are written."""

Taken = tuple[list[Box], Iterable[Pixels]]
"""The parts of a picture that a run takes, and the same as arrays."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageStore:
    images: np.memmap[tuple[int, int, int, int], np.dtype[np.uint8]]
    """(N, H, W, C), read-only; pages are loaded as they are touched and shared between processes."""
    labels: npt.NDArray[np.int64] | None
    """(N,), indices into `class_names`; None if there are no classes."""
    class_names: tuple[str, ...]
    original_width: int = 0
    """Median of what was cut out of the files (mostly all of it), in their pixels; 0 if it was prepared before this was kept."""
    original_height: int = 0
    directory: Path | None = None
    """Where it lies; what is worked out from the pictures may be kept beside them. None for one that was made in memory."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Pictures of each class, in label order; empty if there are no classes."""
        return () if self.labels is None else tuple(np.bincount(self.labels[self.labels >= 0], minlength=len(self.class_names)).tolist())

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Raises FileNotFoundError if nothing is prepared there."""
        about = json.loads((directory / "store.json").read_text())
        images = np.load(directory / "images.npy", mmap_mode="r")
        if images.nbytes > READ_AHEAD_BYTES:
            images._mmap.madvise(mmap.MADV_RANDOM)  # reading ahead of pictures in random order would throw out of memory what is used
        labels = np.load(directory / "labels.npy") if about["class_names"] else None
        size = about.get("original_width", 0), about.get("original_height", 0)
        return cls(images, labels, tuple(about["class_names"]), *size, directory)


def prepare(
    source: Path | BinaryIO,
    manifest: Manifest,
    directory: Path,
    shape: Shape,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> ImageStore:
    """Decode every picture of the manifest and fit what the shape takes of it into `directory`, unless that is done already.

    Several processes may prepare the same directory at once; the first to finish wins, all get the same store.

    Raises:
        ArchiveRefused: the source no longer holds what the manifest says.
        GanCoreError: the disk has no room for them.
    """
    if not (directory / "store.json").exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        _sweep(directory)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            _write(unfinished, source, manifest, shape, limits)
            _publish(unfinished, directory)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return ImageStore.open(directory)


def _sweep(directory: Path) -> None:
    """Delete what preparers of this directory left when they were killed; none takes a day."""
    for left in directory.parent.glob(f".{directory.name}-*"):
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if left.stat().st_mtime < time.time() - 86400:
                shutil.rmtree(left, ignore_errors=True)


def _write(directory: Path, source: Path | BinaryIO, manifest: Manifest, shape: Shape, limits: Limits) -> None:
    size = (training_count(manifest, shape), shape.height, shape.width, shape.channels)
    _check_room(directory, math.prod(size))
    counts: list[int] = []
    cut_out: list[tuple[int, int]] = []
    # Plain writes rather than a writable map: a full disk is then an error, not a fatal signal.
    with (directory / "images.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": size})
        for parts, pictures in _fitted(source, manifest, shape, limits):
            for picture in pictures:
                file.write(picture.tobytes())
            counts.append(len(parts))
            cut_out += [(right - left, bottom - top) for left, top, right, bottom in (parts[:1] if shape.tiles else parts)]  # tiles are all alike
        file.flush()
        os.fsync(file.fileno())
    if manifest.class_names:
        np.save(directory / "labels.npy", np.repeat(np.array([entry.label for entry in manifest.entries], dtype=np.int64), counts))
    width, height = (round(median(sides)) for sides in zip(*cut_out, strict=True))
    about = {"version": 1, "shape": shape.key, "class_names": manifest.class_names, "original_width": width, "original_height": height}
    (directory / "store.json").write_text(json.dumps(about))


def _check_room(directory: Path, size: int) -> None:
    free = shutil.disk_usage(directory).free
    if size > free:
        raise GanCoreError(
            f"Prepared for training, these pictures take {size_text(size)}, and the disk has {size_text(free)} left. "
            "Choose fewer tiles or a smaller size."
        )


def _fitted(source: Path | BinaryIO, manifest: Manifest, shape: Shape, limits: Limits) -> Iterator[Taken]:
    """For each entry in their order what is taken of it. Whatever the survey skipped is skipped here, too."""

    def weight(pair: tuple[Member, Entry]) -> int:
        return max(len(pair[0].data), _output_bytes(pair[1], shape))

    try:
        for _, taken in in_order(partial(_take, shape=shape, limits=limits), _paired(source, manifest, limits), weight):
            yield taken
    except PictureSkipped as skipped:
        raise ArchiveRefused(f"A picture of the archive can no longer be read: {skipped}.") from skipped


def _take(pair: tuple[Member, Entry], shape: Shape, limits: Limits) -> Taken:
    member, entry = pair
    parts = windows(entry, shape)
    array = decode(member.data, pixels=limits.pixels, at_least=needed(entry, shape, parts)).array
    pictures = (fit(cut(array, part, entry), shape) for part in parts)
    few = _output_bytes(entry, shape) <= WAITING_BYTES
    return parts, list(pictures) if few else pictures


def _output_bytes(entry: Entry, shape: Shape) -> int:
    """Of all its windows, without working out where they are."""
    pieces = shape.tiles or (len(entry.boxes) if shape.crop_to_boxes and entry.boxes else 1)
    return pieces * shape.width * shape.height * shape.channels


def _paired(source: Path | BinaryIO, manifest: Manifest, limits: Limits) -> Iterator[tuple[Member, Entry]]:
    files = enumerate(members(source, limits))
    for entry in manifest.entries:
        member = next((member for position, member in files if position == entry.position), None)
        if not isinstance(member, Member) or member.path != entry.path:
            raise ArchiveRefused("The archive no longer holds the pictures that were found in it.")
        yield member, entry


def _publish(unfinished: Path, directory: Path) -> None:
    unfinished.chmod(0o755)
    try:
        unfinished.rename(directory)
    except OSError:
        if not (directory / "store.json").exists():  # not because somebody else was quicker
            raise
