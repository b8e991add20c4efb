"""What a training run tells the world. Plain data; the consumer of `gan_core.train.train` decides what to do with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

Kind = Literal[
    "early", "healthy", "discriminator-strong", "generator-strong", "collapse", "class-collapse", "diverged", "memorising", "finished-improving"
]
"""What a verdict can say."""


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
class Nearest:
    """The training pictures nearest to some drawn ones, by the features of `gan_core.scores`."""

    indices: npt.NDArray[np.int64]
    """(count, K), places in the `ImageStore`, nearest first."""
    distances: npt.NDArray[np.float32]
    """(count, K), 1 - cosine of the features, 0..2."""
    usual: float
    """Median distance from a training picture to the nearest other one: much nearer than this is remembered rather than new."""
    extractor: str


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
    nearest: Nearest | None = None
    """The training pictures nearest to each tile; None until the first score of the run, which makes them known."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint and the matching generator are on disk, synced and renamed into place."""

    step: int
    path: Path
    """Everything needed to resume exactly."""
    weights: Path
    """The EMA generator alone, as `gan_core.export` writes it."""
    best: bool = False
    """Its score is the best so far; the one that was best before need no longer be kept for that."""
    late: bool = False
    """Training had gone on before it was whole: whoever leaves now would lose those steps."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How near pictures drawn by the running mean are to the training pictures. Comparable only with the same extractor and counts."""

    step: int
    seconds: float
    """Training time so far."""
    extractor: str
    """The network whose features were compared, with the size it looks at: "EfficientNet-Lite0 at 128 px"."""
    samples: int
    """Drawn pictures."""
    real: int
    """Training pictures."""
    seed: int
    """Of the drawn pictures."""
    fd: float
    """Fréchet distance of the features; 0 is best. The FID, if the extractor is Inception."""
    kid: float
    """Kernel Inception distance formula on the features, unbiased, so that it may fall below 0; 0 is best."""
    kid_error: float
    """Standard error of `kid`."""
    precision: float
    """Share of drawn pictures that look like training pictures, 0..1."""
    recall: float
    """Share of training pictures that look like drawn ones, 0..1: how varied they are."""
    density: float
    """As precision, but counting near training pictures; may exceed 1."""
    coverage: float
    """Share of training pictures with a drawn one near them, 0..1."""
    mifid: float
    """`fd`, divided by a small number where drawn pictures repeat training pictures."""
    copies: float
    """Share of drawn pictures that are nearly identical to a training picture, 0..1."""
    cost: float = 0.0
    """Seconds that the scoring took."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was measured, as a verdict shows it."""

    label: str
    """What was measured: "Fakes spotted by the discriminator"."""
    value: str
    """With its unit: "99 %"."""
    usual: str = ""
    """What one would expect of a healthy run: "60 to 95 %"."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting to change, and to what."""

    setting: str
    """Name of a field of TrainConfig."""
    value: str | int | float | bool
    """Valid for it, all other settings being as they are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the run is going, in plain words. Given when it is another one than before."""

    step: int
    kind: Kind
    level: Literal["info", "ok", "warn", "bad"]
    title: str
    """Two to four words."""
    text: str
    """One to three sentences: what happens, what it means, what to do."""
    evidence: tuple[Evidence, ...]
    change: Change | None = None


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


Event = Progress | Losses | Samples | Checkpoint | Note | Rewound | Scores | Verdict


@dataclass(frozen=True, slots=True)
class ClassSheet:
    """A request, sent to the trainer: a sheet of one class is wanted."""

    label: int
    """Index into the class names."""
