"""A watchman who is told of a made-up run, on pictures that are made, too: a bright square at some place on a dark ground."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from gan_core.config import TrainConfig
from gan_core.events import Scores, Verdict
from gan_core.images.store import ImageStore
from gan_core.watch import Vitals, Watch

Pictures = npt.NDArray[np.uint8]
Sheet = Callable[[int], Pictures]
"""The tiles that the generator draws at a step."""


def squares(number: int, seed: int = 0, *, places: npt.NDArray[np.int64] | None = None) -> Pictures:
    """(number, 16, 16, 1): squares of different brightness at different places, or at these (number, 2)."""
    random = np.random.default_rng(seed)
    images = np.zeros((number, 16, 16, 1), np.uint8)
    corners = random.integers(0, 11, (number, 2)) if places is None else places
    for image, (top, left) in zip(images, corners, strict=True):
        image[top : top + 6, left : left + 6] = random.integers(120, 256)
    return images


def grained(images: Pictures, seed: int = 0, strength: int = 20) -> Pictures:
    """With noise from pixel to pixel."""
    noise = np.random.default_rng(seed).integers(-strength, strength + 1, images.shape)
    return np.clip(images.astype(int) + noise, 0, 255).astype(np.uint8)


def store(number: int = 200, labels: int = 0) -> ImageStore:
    """Squares; with labels, those of a class are in one corner of as many."""
    images = squares(number, seed=1)
    classes = np.arange(number) % labels if labels else None
    return ImageStore(images, classes, tuple(map(str, range(labels))))  # type: ignore[arg-type]


def varied(step: int) -> Pictures:
    return grained(squares(64, seed=2), step)


def alike(step: int) -> Pictures:
    return grained(np.repeat(squares(1, seed=3), 64, axis=0), step)


def grey(step: int) -> Pictures:
    return grained(np.full((64, 16, 16, 1), 128, np.uint8), step, 4)


def turning_into_squares(over: int) -> Sheet:
    """Grey at first, and squares after so many steps."""

    def sheet(step: int) -> Pictures:
        share = min(1.0, step / over)
        return (share * varied(step) + (1 - share) * grey(step)).astype(np.uint8)

    return sheet


class Told:
    """Keeps every verdict that is given."""

    def __init__(self, images: ImageStore | None = None, *, total: int = 4000, **changes: Any) -> None:
        values = {"width": 16, "height": 16, "steps": total, "architecture": "mlp", "augmentation": "none", **changes}
        self.config = TrainConfig.model_validate(values)
        self.images = store() if images is None else images
        self.watch = Watch(self.config, self.images)
        self.total = total
        self.step = 0
        self.given: list[Verdict] = []
        self._noise = np.random.default_rng(0)

    @property
    def kinds(self) -> list[str]:
        return [verdict.kind for verdict in self.given]

    @property
    def last(self) -> Verdict:
        return self.given[-1]

    def _note(self) -> None:
        if verdict := self.watch.verdict():
            self.given.append(verdict)

    def until(
        self,
        step: int,
        sheet: Sheet | None = None,
        *,
        spotting: float = 0.75,
        loss: float = 0.5,
        gradient: float = 1.0,
        noise: float = 0.0,
        row_labels: tuple[int, ...] = (),
        augmentation: float | None = None,
    ) -> Self:
        """The run goes on to that step, measured at every 16th and with a sheet at every 64th."""
        for at in self._steps_until(step):
            shaken = float(np.clip(spotting + noise * self._noise.normal(), 0, 1)), loss * float(np.exp(noise * self._noise.normal()))
            self.watch.vitals(Vitals(at, self.total, at / 10, shaken[1], 1.0, shaken[0], gradient, 1.0, augmentation))
            self._note()
            if sheet is not None and at % 64 == 0:
                self.watch.sheet(sheet(at), row_labels)
                self._note()
        return self

    def _steps_until(self, step: int) -> Iterator[int]:
        for at in count(self.step + 16, 16):
            if at > step:
                return
            self.step = at
            yield at

    def scored(self, kid: float, copies: float = 0.0) -> Self:
        """A score of the present step."""
        values = {"fd": 1.0, "kid": kid, "kid_error": 0.001, "precision": 0.5, "recall": 0.5, "density": 0.5, "coverage": 0.5, "mifid": 1.0}
        self.watch.scores(Scores(self.step, self.step / 10, "a network", 1000, 200, 0, **values, copies=copies))
        self._note()
        return self

    def fell(self, to: int) -> Self:
        """The run falls apart at the present step."""
        self.watch.rewound(to, f"The losses became infinite before step {self.step}. We went back to step {to}.")
        self.step = to
        self._note()
        return self
