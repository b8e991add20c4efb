"""Where a run is: its networks, optimisers and counters, and how they are kept in checkpoints and found again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gan_core import checkpoint, parallel, probe
from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable, Diverged
from gan_core.export import WeightsMeta, weights_metadata
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.sampling import Inputs, calibrate_generator, render

BEYOND_REASON = 1e8
"""A loss of this size is as good as infinite."""
KEPT = (
    *("config", "class_names", "image_count", "step", "sampled_step", "seconds", "loss_count", "scaler", "rate_share", "parts", "setbacks"),
    *("seen", "ways"),
)
"""What a checkpoint tells besides its tensors, each as JSON."""
UNKNOWN_TO_OLDER = {"rate_share": "1.0", "parts": "1", "setbacks": "0", "seen": "{}", "ways": "{}"}


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A run at one step, to be written while training goes on."""

    step: int
    best_step: int
    """The step whose files stay besides the newest ones."""
    weights: checkpoint.Contents
    everything: checkpoint.Contents

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write weights, then checkpoint, so that where there is a checkpoint there are its weights. The last two and the best of each stay.

        Returns the paths of checkpoint and weights.
        """
        path, weights = (directory / f"{kind}-{self.step:08d}.safetensors" for kind in ("checkpoint", "weights"))
        checkpoint.write(weights, *self.weights)
        checkpoint.write(path, *self.everything)
        for kind in ("checkpoint", "weights"):
            checkpoint.keep_newest(directory.glob(f"{kind}-*.safetensors"), 2, besides=f"{kind}-{self.best_step:08d}")
        return path, weights


class State:
    """The state of a run of `config` on `image_count` of the pictures `images`, at first with the networks' first weights."""

    def __init__(self, config: TrainConfig, images: ImageStore, image_count: int, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.image_count = image_count
        self.class_names = tuple(images.class_names)
        self.channels = int(images.images.shape[3])
        self.original_size = images.original_width, images.original_height
        self.loss_sums = torch.zeros(2, device=device)  # discriminator, generator; since the last loss point
        self.setbacks = 0
        """How often the run has fallen apart."""
        self.seen: dict[str, Any] = {}
        """What those who watch the run must remember, as JSON."""
        self.best_step = -1
        """The step whose files stay besides the newest ones."""
        self.begin()

    def begin(self) -> None:
        """Be at the very start."""
        self.players = Players(self.config, self.channels, len(self.class_names), self.image_count, self.device)
        self.step = 0
        self.sampled_step = -1
        """The step of the last sheet."""
        self.calibrated_step = -1
        """The step whose weights the running mean's normalisation was measured for."""
        self.loss_sums.zero_()
        self.loss_count = 0

    @property
    def epoch(self) -> float:
        """Passes over the pictures."""
        return self.config.discriminator_steps_until(self.step) * self.config.batch_size / self.image_count

    def divide_into(self, parts: int) -> None:
        """Have each batch go through the networks in so many parts at least."""
        most = max(1, self.config.batch_size // parallel.size() // 2)  # normalisation needs two pictures
        self.players.parts = min(max(parts, self.players.parts), most)

    def go_back(self, path: Path | None) -> None:
        """Return to a checkpoint, or else to the start, with half the present learning rates."""
        share, setbacks, parts = self.players.rate_share / 2, self.setbacks + 1, self.players.parts
        if path is not None:
            self.restore(path)
        else:
            self.begin()
            self.sampled_step = 0  # the first sheet stands
            self.seen = {}
        self.setbacks, self.players.rate_share, self.players.parts = setbacks, share, parts

    def mean_losses(self) -> tuple[float, float]:
        """(discriminator, generator) since the last loss point. Waits for the device.

        Raises:
            Diverged: they are not finite.
        """
        discriminator, generator = (self.loss_sums / max(self.loss_count, 1)).tolist()
        if not all(abs(loss) < BEYOND_REASON for loss in (discriminator, generator)):  # which not-a-number is not either
            raise self._fallen_apart()
        return discriminator, generator

    def _fallen_apart(self) -> Diverged:
        again = " again, though the learning rates had been halved" if self.setbacks else ""
        return Diverged(
            f"Training fell apart before step {self.step}{again}: the losses became infinite. "
            "Lower the learning rates, choose the precision fp32 or the R1 penalty, and launch it again."
        )

    def draw(self, inputs: Inputs) -> npt.NDArray[np.uint8]:
        """Pictures (N, H, W, C) uint8 of the generator's running mean."""
        self._calibrate()
        return render(self.players.mean.network, self.config, inputs, self.device)

    def _calibrate(self) -> None:
        """Once a step is enough: as long as the weights stay, it would measure the same."""
        if self.calibrated_step == self.step:
            return
        self.calibrated_step = self.step
        with self.players.precision.autocast():
            calibrate_generator(self.players.mean.network, self.config, len(self.class_names), self.device, self.players.parts)

    def snapshot(self, seconds: float) -> Snapshot:
        """A copy of what a checkpoint at this step holds.

        Raises:
            Diverged: there is nothing worth keeping.
        """
        self.mean_losses()
        if not self.players.is_finite():
            raise self._fallen_apart()
        self._calibrate()
        meta = WeightsMeta(self.channels, self.class_names, self.step, self.image_count, *self.original_size)
        weights = checkpoint.copied(self.players.mean.network.state_dict()), weights_metadata(self.config, meta)
        told = {
            "config": self.config.model_dump(mode="json"),
            "class_names": self.class_names,
            "image_count": self.image_count,
            "step": self.step,
            "sampled_step": self.sampled_step,
            "seconds": seconds,
            "loss_count": self.loss_count,
            "scaler": self.players.precision.scaler.state_dict(),
            "rate_share": self.players.rate_share,
            "parts": self.players.parts,
            "setbacks": self.setbacks,
            "seen": self.seen,
            "ways": probe.state(),
        }
        tensors = checkpoint.copied({**self.players.state(), "losses": self.loss_sums})
        return Snapshot(self.step, self.best_step, weights, (tensors, {key: json.dumps(told[key]) for key in KEPT}))

    def restore(self, path: Path) -> float:
        """Be where the checkpoint was. Gives the training time until then, in seconds.

        Raises:
            CheckpointUnusable: it is damaged or belongs to another run.
        """
        tensors, metadata = checkpoint.read(path)
        values = {key: checkpoint.decode(UNKNOWN_TO_OLDER | metadata, key, path) for key in KEPT}
        checkpoint.check_belongs(path, values, self.config, (list(self.class_names), self.image_count))
        try:
            self.loss_sums.copy_(tensors.pop("losses"))
            self.players.restore(tensors)
            self.players.precision.scaler.load_state_dict(values["scaler"])
        except (KeyError, ValueError, IndexError, RuntimeError) as error:
            raise CheckpointUnusable(f"{path.name} does not fit this run's networks.") from error
        self.step, self.sampled_step, self.loss_count = values["step"], values["sampled_step"], values["loss_count"]
        self.players.rate_share, self.players.parts, self.setbacks = values["rate_share"], values["parts"], values["setbacks"]
        self.seen = values["seen"]
        self.calibrated_step = -1
        probe.restore(values["ways"])
        return float(values["seconds"])
