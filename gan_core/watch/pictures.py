"""How varied the tiles of a sheet are and how near to training pictures, by small versions of both.

Pictures are compared as a few averaged blocks of colour, so that grain and noise do not count. Every distance is told as a multiple of the
same one among training pictures: 1 is as they are.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gan_core.images.store import ImageStore

Pictures = npt.NDArray[np.uint8]
Blocks = npt.NDArray[np.float32]
"""(N, values) in 0..1."""
SAMPLE = 256
"""Training pictures that are looked at, if they are many."""
ALL = 512
"""Up to so many of them all are looked at, and then it can be told whether tiles are copies."""
OF_A_CLASS = 32
FINE = 16
"""Blocks on each side for telling a copy from a similar picture."""
COPY = 0.4
"""A tile is a copy if it is nearer to a training picture than this share of what is usual between two of those."""
ALIKE = 0.01
"""Training pictures that differ by less, in 0..1 of brightness, are all alike, and tell nothing about tiles."""
ENOUGH = 64
"""Pixels on a side that blocks are averaged from; of larger pictures only every so many are looked at."""
PORTION = 32


@dataclass(frozen=True, slots=True)
class Look:
    """What a sheet shows. None where the training pictures allow no judgement."""

    step: int
    variety: float | None
    """Mean distance between two tiles."""
    row_variety: float | None
    """Mean distance between two tiles of one class, in the middle of all classes shown."""
    repeats: float | None
    """Distance from a tile to the one most like it: near 0 if few pictures come again and again."""
    distance: float | None
    """From a tile to the training picture most like it."""
    copies: int | None
    """Tiles that are nearly identical to a training picture."""
    tiles: int


class TrainingPictures:
    """The training pictures as far as sheets are compared with them; looked at when the first sheet comes."""

    def __init__(self, images: ImageStore, background: str, *, mirror: bool) -> None:
        self._images = images
        self._background = background
        self._mirror = mirror
        self._within: dict[int, float] = {}

    def look(self, step: int, tiles: Pictures, row_labels: tuple[int, ...]) -> Look:
        """Compare a sheet's tiles (N, H, W, C); with classes each row is of one."""
        few = self.blocks(tiles, self._side)
        between = distances(few, few)
        distance = float(np.median(distances(few, self._coarse).min(axis=1))) if len(few) else 0.0
        return Look(
            step,
            _ratio(_mean_between(between), self._spread),
            self._row_variety(between, row_labels),
            None if row_labels else _ratio(_nearest_other(between), self._repeats(len(few))),
            _ratio(distance, self._usual),
            self._copies(tiles),
            len(tiles),
        )

    def blocks(self, images: Pictures, side: int) -> Blocks:
        """Mean colours (N, side * side * colours) of pictures, transparent ones on the background, worked on in portions."""
        parts = [_blocks(images[at : at + PORTION], side, self._background) for at in range(0, len(images), PORTION)]
        return np.concatenate(parts)

    @property
    def _side(self) -> int:
        return max(4, min(8, min(self._images.images.shape[1:3]) // 4))

    @cached_property
    def _places(self) -> npt.NDArray[np.int64]:
        count = len(self._images)
        shown = count if count <= ALL else SAMPLE
        return np.arange(shown) * count // shown

    @cached_property
    def _coarse(self) -> Blocks:
        return self.blocks(self._images.images[self._places], self._side)

    @cached_property
    def _between(self) -> Blocks:
        return distances(self._coarse, self._coarse)

    @cached_property
    def _spread(self) -> float:
        return _mean_between(self._between)

    @cached_property
    def _usual(self) -> float:
        return _nearest_other(self._between)

    def _repeats(self, count: int) -> float:
        """Distance to the most similar one among so many training pictures drawn at random; 0 where they are so few that most come twice."""
        drawn = np.random.default_rng(0).integers(0, len(self._places), count)
        return _nearest_other(self._between[np.ix_(drawn, drawn)])

    def _row_variety(self, between: Blocks, row_labels: tuple[int, ...]) -> float | None:
        columns = len(between) // len(row_labels) if row_labels else 0
        if columns < 2:
            return None
        rows = [between[at : at + columns, at : at + columns] for at in range(0, columns * len(row_labels), columns)]
        shares = [_ratio(_mean_between(row), self._of_class(label)) for row, label in zip(rows, row_labels, strict=True)]
        known = [share for share in shares if share is not None]
        return float(np.median(known)) if known else None

    def _of_class(self, label: int) -> float:
        """Mean distance between two training pictures of the class."""
        if label not in self._within:
            labels = self._images.labels
            places = np.flatnonzero(labels == label) if labels is not None else np.zeros(0, np.int64)
            few = places[np.arange(min(OF_A_CLASS, len(places))) * len(places) // max(1, min(OF_A_CLASS, len(places)))]
            blocks = self.blocks(self._images.images[few], self._side) if len(few) > 1 else np.zeros((0, 1), np.float32)
            self._within[label] = _mean_between(distances(blocks, blocks))
        return self._within[label]

    @cached_property
    def _fine(self) -> Blocks:
        return self.blocks(self._images.images[self._places], FINE)

    @cached_property
    def _fine_usual(self) -> float:
        return _nearest_other(distances(self._fine, self._fine))

    def _copies(self, tiles: Pictures) -> int | None:
        if len(self._places) < len(self._images) or self._fine_usual < ALIKE:
            return None
        nearest = distances(self.blocks(tiles, FINE), self._fine).min(axis=1)
        if self._mirror:
            nearest = np.minimum(nearest, distances(self.blocks(tiles[:, :, ::-1], FINE), self._fine).min(axis=1))
        return int((nearest < COPY * self._fine_usual).sum())


def distances(one: Blocks, other: Blocks) -> Blocks:
    """(N, M) root mean square differences."""
    squares = (one * one).sum(1)[:, None] + (other * other).sum(1) - 2 * one @ other.T
    found: Blocks = np.sqrt(np.maximum(squares, 0) / one.shape[1]).astype(np.float32)
    return found


def _blocks(images: Pictures, side: int, background: str) -> Blocks:
    apart = max(1, min(images.shape[1:3]) // ENOUGH)
    values = images[:, ::apart, ::apart].astype(np.float32) / 255  # (N, H, W, C)
    if values.shape[3] == 4:
        behind = np.array([int(background[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255
        values = behind + (values[..., :3] - behind) * values[..., 3:]
    for axis in (1, 2):
        edges = np.linspace(0, values.shape[axis], side + 1).round().astype(int)
        sizes = np.diff(edges).reshape([-1 if at == axis else 1 for at in range(4)])
        values = np.add.reduceat(values, edges[:-1], axis=axis) / sizes
    return values.astype(np.float32).reshape(len(values), -1)


def _mean_between(between: Blocks) -> float:
    """Mean distance of two different ones, of a square of distances."""
    count = len(between)
    return float(between.sum() / (count * (count - 1))) if count > 1 else 0.0


def _nearest_other(between: Blocks) -> float:
    """Median distance to the nearest other one."""
    if len(between) < 2:
        return 0.0
    others = between.copy()
    np.fill_diagonal(others, np.inf)
    return float(np.median(others.min(axis=1)))


def _ratio(value: float, usual: float) -> float | None:
    return round(value / usual, 4) if usual >= ALIKE else None
