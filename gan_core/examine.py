"""Scoring a run on its way: when it is due, on which pictures, and which score is the best so far."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gan_core.config import TrainConfig
from gan_core.events import Nearest, Scores
from gan_core.images.store import ImageStore
from gan_core.sampling import Inputs, seeded_inputs
from gan_core.scores import Extractor, Reference, compare, load_extractor

Pictures = npt.NDArray[np.uint8]
SHARE = 0.05
"""Of the time that scores may take, if they are not wanted at fixed times."""
NOT_BEFORE = 15.0
"""Seconds of training before which nothing is loaded for them."""
REAL = 2000
"""Training pictures that are compared with, at most."""
PROBE = 16
"""Pictures by which the time of a score is foreseen."""
PORTION = 128
"""Pictures that are drawn between two looks at what else is due."""


class Examiner:
    """Scores the pictures of a run of `config` on `images`. `load` may raise ScoresUnavailable, and then there are none."""

    def __init__(self, config: TrainConfig, images: ImageStore, device: torch.device) -> None:
        self.config = config
        self.images = images
        self.device = device
        self.wanted = config.score_samples > 0
        self.scored_step = -1
        self.best: float | None = None
        """The lowest KID so far."""
        self.best_step = -1
        self.without_better = 0
        """Scores since the best one."""
        self._spent = 0.0  # seconds, all scores together
        self._last = 0.0  # when the last one was done, in seconds of training
        self._foreseen: float | None = None  # seconds of the next
        self._extractor: Extractor | None = None
        self._reference: Reference | None = None

    def due(self, seconds: float) -> bool:
        """Whether to score at this time of the training. Loads what is needed for that as soon as it may be near.

        Raises:
            ScoresUnavailable: a package is missing.
        """
        every = self.config.score_every_seconds
        if not self.wanted or seconds < (NOT_BEFORE if every is None else every):
            return False
        if every is not None:
            return seconds >= self._last + every
        if self._foreseen is None:
            self._foreseen = self._foresee()
        return self._spent + self._foreseen <= SHARE * seconds

    def _foresee(self) -> float:
        """Seconds that the first score will take besides drawing; those after it are foreseen by the one before."""
        started = time.monotonic()
        extractor = self._load()
        extractor(self.images.images[:PROBE])  # the first ones take longer
        loaded = time.monotonic()
        extractor(self.images.images[:PROBE])
        each = (time.monotonic() - loaded) / min(PROBE, len(self.images))
        self._spent += time.monotonic() - started
        return each * (min(REAL, len(self.images)) + self.config.score_samples)

    def _load(self) -> Extractor:
        if self._extractor is None:
            self._extractor = load_extractor(self.device)
        return self._extractor

    @property
    def reference(self) -> Reference:
        """The training pictures' features, worked out when they are first asked for.

        Raises:
            ScoresUnavailable: a package is missing.
        """
        if self._reference is None:
            self._reference = Reference.of(self.images, self._load(), self.config.background, most=REAL)
        return self._reference

    def inputs(self) -> Iterator[Inputs]:
        """What the pictures of every score are drawn from, in portions; classes as often as the training pictures have them."""
        count = self.config.score_samples
        labels = None
        if self.config.conditional and self.images.labels is not None:
            known = self.images.labels[self.images.labels >= 0]
            labels = torch.from_numpy(known[np.arange(count) * len(known) // count])
        return seeded_inputs(self.config, count, self.config.seed, labels).portions(PORTION)

    def features(self, images: Pictures) -> torch.Tensor:
        """(N, D) of pictures (N, H, W, C)."""
        return self._load()(images, self.config.background)

    def judge(self, features: torch.Tensor, *, step: int, seconds: float, began: float) -> Scores:
        """The score of the pictures that have these features (N, D). `began`: when work on it began, by `time.monotonic`."""
        scores = compare(self.reference, features, step=step, seconds=seconds, seed=self.config.seed, cost=time.monotonic() - began)
        self._foreseen = scores.cost
        self._spent += scores.cost
        self._last = seconds
        self.scored_step = step
        if self.best is None or scores.kid < self.best:
            self.best, self.best_step, self.without_better = scores.kid, step, 0
        else:
            self.without_better += 1
        return scores

    @property
    def out_of_patience(self) -> bool:
        return bool(self.config.patience) and self.without_better >= self.config.patience

    def nearest(self, images: Pictures) -> Nearest | None:
        """The training pictures nearest to drawn ones, once there was a score."""
        return self.reference.nearest(self.features(images)) if self.scored_step >= 0 else None

    def state(self) -> dict[str, Any]:
        """What a resumed run must know, as JSON."""
        return {
            "best": self.best,
            "best_step": self.best_step,
            "without_better": self.without_better,
            "scored_step": self.scored_step,
            "spent": self._spent,
            "last": self._last,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` took; an empty one is that of a new run."""
        self.best, self.best_step = state.get("best"), state.get("best_step", -1)
        self.without_better, self.scored_step = state.get("without_better", 0), state.get("scored_step", -1)
        self._spent, self._last = state.get("spent", 0.0), state.get("last", 0.0)
