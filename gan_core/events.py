"""What a training run tells the world. Plain data; the consumer of `gan_core.train.train` decides what to do with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run is; yielded about twice a second, so that a consumer gets to act even while steps are short."""

    step: int
    """Generator steps done so far."""
    total_steps: int
    epoch: float
    """Passes over the dataset done so far."""
    seconds: float
    """Training time so far, all attempts together."""
    images_per_second: float
    """Real images through the discriminator per second, over the last seconds."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean losses since the point before. Points stand at fixed steps (`TrainConfig.loss_interval`), never by the clock."""

    step: int
    seconds: float
    discriminator: float
    generator: float
    augmentation: float | None = None
    """Probability of adaptive augmentation, 0..1: how much the discriminator would otherwise overfit. None without it."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """One sheet of EMA samples from the run's fixed latents: the same tile is the same latent (and class) at every step."""

    step: int
    epoch: float
    images: npt.NDArray[np.uint8]
    """(count, H, W, C), 0..255, C in {1, 3, 4}."""
    columns: int
    rows: int
    seed: int
    row_labels: tuple[int, ...] = ()
    """The class of each row, as index into the class names; empty without classes."""
    label: int | None = None
    """The class of all tiles, for a sheet that was asked for by class; it does not belong to the series of the others."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint and the matching generator are on disk, synced and renamed into place."""

    step: int
    path: Path
    """Everything needed to resume exactly."""
    weights: Path
    """The EMA generator alone, as `gan_core.export` writes it."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the log: device chosen, resumed from where, what was adapted."""

    step: int
    message: str


@dataclass(frozen=True, slots=True)
class Rewound:
    """Training fell apart and went back: whatever was reported of later steps has not happened, and those steps come again."""

    step: int
    """Where it goes on; 0 is the very start."""
    message: str
    """What happened and what was changed, in sentences."""


Event = Progress | Losses | Samples | Checkpoint | Note | Rewound


@dataclass(frozen=True, slots=True)
class ClassSheet:
    """A request, sent to the trainer: a sheet of one class is wanted."""

    label: int
    """Index into the class names."""
