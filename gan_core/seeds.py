"""Seeds: every random number of a run derives from the run's seed, what it is for, and a counter. So nothing needs to remember a random state."""

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    WEIGHTS = 0
    """The networks' first weights."""
    STEP = 1
    """Everything drawn in one training step."""
    EPOCH = 2
    """The order of the pictures in one pass."""
    CALIBRATION = 3
    """Latents of the statistics of batch normalisation."""
    NOISE = 4
    """The noise of drawn pictures, for generators that take any."""


def derive(seed: int, purpose: Purpose, number: int = 0) -> int:
    """A seed of 63 bits, unlike that of any other purpose or number."""
    return int(np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def sow(seed: int, device: torch.device) -> None:
    """Begin the random numbers drawn on processor and device anew, as `torch.manual_seed`; that goes through every kind of device there is,
    which takes a processor longer than a layer of a small network."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
