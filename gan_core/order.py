"""In which order pictures are shown: endless sequences of their indices. Any stretch of one is the same whenever it is asked for."""

from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gan_core import seeds

Indices = npt.NDArray[np.int64]
BLOCK = 1024
"""Pictures of a balanced sequence that are put in order at once, at least."""


class Order(Protocol):
    def stretch(self, start: int, end: int) -> Indices:
        """Which pictures are at the places from `start` up to, but not including, `end`."""
        ...


class Shuffled:
    """Passes over the pictures, each in an order of its own.

    Args:
        stride, offset: pass k takes the seed number k * stride + offset, so that several sequences of one run differ.
    """

    def __init__(self, pictures: Indices, seed: int, stride: int = 1, offset: int = 0) -> None:
        self._pictures = pictures
        self._seed, self._stride, self._offset = seed, stride, offset
        self._pass = lru_cache(maxsize=3)(self._shuffled)

    def _shuffled(self, number: int) -> Indices:
        return _generator(self._seed, number * self._stride + self._offset).permutation(self._pictures)

    def stretch(self, start: int, end: int) -> Indices:
        parts = []
        while start < end:
            number, offset = divmod(start, len(self._pictures))
            parts.append(self._pass(number)[offset : offset + end - start])
            start += len(parts[-1])
        return np.concatenate(parts)


class Balanced:
    """Rounds in which every class is shown once, in random order; each class goes through its pictures in passes.

    So the counts of any two classes differ by two at most, wherever one begins and ends to count.

    Args:
        labels: of all pictures, (N,); those below 0 belong to no class and are never shown.
    """

    def __init__(self, labels: npt.NDArray[np.int64], seed: int) -> None:
        names = np.unique(labels[labels >= 0])
        self._seed = seed
        self._classes = [Shuffled(np.flatnonzero(labels == name), seed, len(names) + 1, place) for place, name in enumerate(names)]
        self._rounds = max(1, BLOCK // len(names))
        self._block = lru_cache(maxsize=3)(self._mixed)

    def _mixed(self, number: int) -> Indices:
        rounds = (number * self._rounds, (number + 1) * self._rounds)
        picked = np.stack([pictures.stretch(*rounds) for pictures in self._classes], axis=1)  # (rounds, classes)
        classes = len(self._classes)
        return _generator(self._seed, number * (classes + 1) + classes).permuted(picked, axis=1).ravel()

    def stretch(self, start: int, end: int) -> Indices:
        size = self._rounds * len(self._classes)
        blocks = [self._block(number) for number in range(start // size, (end - 1) // size + 1)]
        first = start // size * size
        return np.concatenate(blocks)[start - first : end - first]


def _generator(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng(seeds.derive(seed, seeds.Purpose.EPOCH, number))
