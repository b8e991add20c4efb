"""The duel of the two networks, smoothed: what a watchman makes of what is measured at every few steps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_core.config import TrainConfig

MEASURED_EVERY = 16
"""Steps between two measurements, about."""
QUICKER_AT_FIRST = 3
"""Of the first measurements the newest one counts so many times more than in a plain mean: the start is soon forgotten."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the trainer measured at one step."""

    step: int
    total_steps: int
    seconds: float
    """Training time so far."""
    discriminator: float
    generator: float
    """Losses."""
    spotting: float
    """Probability that the discriminator rates a real picture above a drawn one: 1 spots every fake, 0.5 can only guess."""
    generator_gradient: float
    discriminator_gradient: float
    """Norms over all weights."""
    augmentation: float | None
    """Probability of adaptive augmentation, 0..1. None without it."""


class Duel:
    """The running means. `spotting` and `loss` (of the discriminator) are plain means, the gradient's is of its logarithm."""

    def __init__(self) -> None:
        self.count = 0
        self.step = 0
        self.total_steps = 0
        self.spotting = 0.5
        self.loss = 0.0
        self.gradient = 0.0
        """Natural logarithm of the norm of the generator's gradient."""
        self.usual_gradient = 0.0
        """The same, of all measurements so far at its highest: what the generator once had to learn from."""
        self.augmentation: float | None = None

    @property
    def window(self) -> int:
        """Measurements that are smoothed over, about 2 % of the run."""
        return max(6, min(60, self.total_steps // (50 * MEASURED_EVERY)))

    def take(self, vitals: Vitals) -> None:
        if not all(map(math.isfinite, (vitals.spotting, vitals.discriminator, vitals.generator_gradient))):
            return  # half precision does that at times, and the trainer skips such a step
        self.step, self.total_steps, self.augmentation = vitals.step, vitals.total_steps, vitals.augmentation
        self.count += 1
        share = max(1 / self.window, min(1.0, QUICKER_AT_FIRST / (self.count + QUICKER_AT_FIRST - 1)))
        self.spotting += share * (vitals.spotting - self.spotting)
        self.loss += share * (vitals.discriminator - self.loss)
        self.gradient += share * (math.log(max(vitals.generator_gradient, 1e-30)) - self.gradient)
        self.usual_gradient = self.gradient if self.count == 1 else max(self.usual_gradient, self.gradient)

    @property
    def fading(self) -> float:
        """The generator's gradient as a share of its highest running mean."""
        return math.exp(self.gradient - self.usual_gradient)

    def state(self) -> dict[str, Any]:
        return dict(vars(self))

    def restore(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


def unsolved(config: TrainConfig, loss: float) -> float | None:
    """The discriminator's loss as a share of what guessing costs: 0 if it has nothing left to learn, 1 if it can only guess.

    What smoothed and swapped labels cost in any case is left out. None for Wasserstein, whose losses have no such ends.
    """
    ends = loss_ends(config)
    return None if ends is None else max(0.0, (loss - ends[0]) / (ends[1] - ends[0]))


def loss_ends(config: TrainConfig) -> tuple[float, float] | None:
    """(lowest loss of the discriminator that is possible, loss of guessing). None for Wasserstein."""
    if config.objective == "wasserstein":
        return None
    if config.objective == "relativistic":
        return 0.0, math.log(2)
    real, fake = _moments(config.real_label_low, config.real_label_high), _moments(config.fake_label_low, config.fake_label_high)
    if config.objective == "hinge":
        return 0.0, max(real[0] + 1 - fake[0], 0.1)
    share = config.flip_labels
    swapped_real, swapped_fake = (
        tuple((1 - share) * a + share * b for a, b in zip(one, other, strict=True)) for one, other in ((real, fake), (fake, real))
    )
    middle = (swapped_real[0] + swapped_fake[0]) / 2
    if config.objective == "least-squares":
        square = (swapped_real[1] + swapped_fake[1]) / 2
        lowest, guessing = square - (swapped_real[0] ** 2 + swapped_fake[0] ** 2) / 2, square - middle**2
    else:
        lowest, guessing = (_entropy(swapped_real[0]) + _entropy(swapped_fake[0])) / 2, _entropy(middle)
    return lowest, max(guessing, lowest + 0.05)


def _moments(low: float, high: float) -> tuple[float, float]:
    """Mean and mean square of a number drawn evenly between the two."""
    return (low + high) / 2, (low * low + low * high + high * high) / 3


def _entropy(share: float) -> float:
    """Least cross entropy of labels of that mean."""
    share = min(max(share, 0.0), 1.0)
    return 0.0 if share in (0.0, 1.0) else -share * math.log(share) - (1 - share) * math.log(1 - share)
