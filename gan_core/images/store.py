"""A dataset prepared for one shape: a memory map that all runs on it share.

A directory with `images.npy` (uint8, (N, H, W, C)), `labels.npy` (int64, (N,), if there are classes) and `store.json`.
It appears by one rename, whole or not at all; it is never changed afterwards.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from gan_core.errors import ArchiveRefused, PictureSkipped
from gan_core.images.archive import Limits, Member, members
from gan_core.images.decode import Pixels, decode
from gan_core.images.fit import Shape, fit
from gan_core.images.manifest import Entry, Manifest
from gan_core.images.ordered import in_order


@dataclass(frozen=True, slots=True, eq=False)
class ImageStore:
    images: np.memmap[tuple[int, int, int, int], np.dtype[np.uint8]]
    """(N, H, W, C), read-only; pages are loaded as they are touched and shared between processes."""
    labels: npt.NDArray[np.int64] | None
    """(N,), indices into `class_names`; None if there are no classes."""
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Raises FileNotFoundError if nothing is prepared there."""
        about = json.loads((directory / "store.json").read_text())
        images = np.load(directory / "images.npy", mmap_mode="r")
        labels = np.load(directory / "labels.npy") if about["class_names"] else None
        return cls(images, labels, tuple(about["class_names"]))


def prepare(
    source: Path | BinaryIO,
    manifest: Manifest,
    directory: Path,
    shape: Shape,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> ImageStore:
    """Decode and fit every picture of the manifest into `directory`, unless that is done already.

    Several processes may prepare the same directory at once; the first to finish wins, all get the same store.

    Raises:
        ArchiveRefused: the source no longer holds what the manifest says.
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
    # Plain writes rather than a writable map: a full disk is then an error, not a fatal signal.
    with (directory / "images.npy").open("wb") as file:
        size = (len(manifest), shape.height, shape.width, shape.channels)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": size})
        for picture in _fitted(source, manifest, shape, limits):
            file.write(picture.tobytes())
        file.flush()
        os.fsync(file.fileno())
    if manifest.class_names:
        np.save(directory / "labels.npy", np.array([entry.label for entry in manifest.entries], dtype=np.int64))
    (directory / "store.json").write_text(json.dumps({"version": 1, "shape": shape.key, "class_names": manifest.class_names}))


def _fitted(source: Path | BinaryIO, manifest: Manifest, shape: Shape, limits: Limits) -> Iterator[Pixels]:
    """One array an entry, in their order. Whatever the survey skipped is skipped here, too."""

    def work(pair: tuple[Member, Entry]) -> Pixels:
        return fit(decode(pair[0].data, pixels=limits.pixels, at_least=shape.at_least).array, shape)

    try:
        yield from in_order(work, _paired(source, manifest, limits), lambda pair: len(pair[0].data))
    except PictureSkipped as skipped:
        raise ArchiveRefused(f"A picture of the archive can no longer be read: {skipped}.") from skipped


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
