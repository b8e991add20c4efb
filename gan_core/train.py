"""The training loop: a generator of events. Leaving it is stopping; whoever iterates decides what becomes of the events.

    for event in train(config, ImageStore.open(directory), Path("runs/x")):
        ...

`events.send("checkpoint")` or `events.send("sample")` in place of `next(events)` asks for one between this step and the next.
"""

import json
import math
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import torch

from gan_core import checkpoint
from gan_core.batches import Batches
from gan_core.clock import Clock
from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable, Diverged
from gan_core.events import Checkpoint, Event, Losses, Note, Progress, Samples
from gan_core.export import WeightsMeta, save_weights
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.precision import choose_device, device_name
from gan_core.sampling import Sheet, calibrate_generator, render

Request = Literal["sample", "checkpoint"]


def train(
    config: TrainConfig, images: ImageStore, directory: Path, *, resume: Path | None = None, device: str = "auto"
) -> Generator[Event, Request | None, None]:
    """Train from the start, or from the checkpoint `resume`, to the end; checkpoints and weights go into `directory`.

    On a processor, with as many threads, a resumed run gives the very same weights as one that was never interrupted.

    Raises:
        ConfigMismatch: configuration, pictures and device do not go together.
        CheckpointUnusable: `resume` is damaged or belongs to another run.
        Diverged: the losses are no longer finite.
    """
    run = _Run(config, images, directory, choose_device(device))
    wanted: set[Request] = set()
    if resume is not None:
        run.resume(resume)
    for event in run.events(wanted):
        request = yield event
        if request is not None:
            wanted.add(request)


class _Run:
    """Where a run is: networks, counters and clocks."""

    def __init__(self, config: TrainConfig, images: ImageStore, directory: Path, device: torch.device) -> None:
        self.config = config
        self.directory = directory
        self.device = device
        self.batches = Batches(config, images, device)
        self.class_names = tuple(images.class_names)
        self.channels = int(images.images.shape[3])
        self.players = Players(config, self.channels, len(self.class_names), device)
        self.sheet = Sheet.of(config, len(self.class_names))
        self.total_steps = config.total_steps(len(self.batches))
        self.loss_interval = config.loss_interval(len(self.batches))
        self.step = 0
        self.sampled_step = -1
        self.loss_sums = torch.zeros(2, device=device)  # discriminator, generator; since the last loss point
        self.loss_count = 0
        self.clock = Clock()

    def events(self, wanted: set[Request]) -> Iterator[Event]:
        """All events of the run. `wanted` is looked at between any two steps, and emptied."""
        resumed = self.step > 0
        self.clock = Clock(self.clock.seconds)
        yield self.progress()
        yield Note(self.step, f"Training on {device_name(self.device)}, {self.players.precision.name}.")
        yield Note(self.step, f"Going on from step {self.step}." if resumed else f"{len(self.batches)} pictures, {self.total_steps} steps.")
        if not resumed:
            yield self.sample()
        self.clock.plan_sample(self.config.sample_every_seconds, 0.0)
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        while self.step < self.total_steps:
            self.advance()
            if self.step % self.loss_interval == 0:
                yield self.losses()
            if "sample" in wanted or self.clock.sample_due:
                wanted.discard("sample")
                yield from self.sample_once()
            if "checkpoint" in wanted or self.clock.checkpoint_due:
                wanted.discard("checkpoint")
                yield self.checkpoint()
            if self.clock.progress_due:
                yield self.progress()
        yield from self.finish()

    def finish(self) -> Iterator[Event]:
        """The last words of a run."""
        yield self.progress()
        if self.loss_count:
            yield self.losses()
        yield from self.sample_once()
        yield self.checkpoint()

    def advance(self) -> None:
        """One step."""
        self.step += 1
        losses = self.players.step(self.step, self.batches)
        self.loss_sums += torch.stack(losses)
        self.loss_count += 1
        self.clock.count(self.config.batch_size * self.config.discriminator_steps)

    @property
    def epoch(self) -> float:
        return self.step * self.config.batch_size * self.config.discriminator_steps / len(self.batches)

    def progress(self) -> Progress:
        self.mean_losses()  # notices divergence between two loss points, too
        self.clock.plan_progress()
        return Progress(self.step, self.total_steps, self.epoch, self.clock.seconds, self.clock.images_per_second)

    def mean_losses(self) -> tuple[float, float]:
        """(discriminator, generator) since the last loss point. Waits for the device."""
        discriminator, generator = (self.loss_sums / max(self.loss_count, 1)).tolist()
        if not (math.isfinite(discriminator) and math.isfinite(generator)):
            raise Diverged(
                f"Training broke down before step {self.step}: the losses are no longer finite numbers. "
                "Lower the learning rates, or choose the precision fp32, and launch it again."
            )
        return discriminator, generator

    def losses(self) -> Losses:
        discriminator, generator = self.mean_losses()
        self.loss_sums.zero_()
        self.loss_count = 0
        return Losses(self.step, self.clock.seconds, discriminator, generator)

    def sample(self) -> Samples:
        started = time.monotonic()
        network = self.players.mean.network
        calibrate_generator(network, self.config, len(self.class_names), self.device)
        images = render(network, self.config, self.sheet.latents, self.sheet.labels, self.device)
        self.sampled_step = self.step
        self.clock.plan_sample(self.config.sample_every_seconds, time.monotonic() - started)
        return Samples(self.step, self.epoch, images, self.sheet.columns, self.sheet.rows, self.config.seed)

    def sample_once(self) -> Iterator[Samples]:
        """A sheet, unless this step has one."""
        if self.sampled_step != self.step:
            yield self.sample()

    def checkpoint(self) -> Checkpoint:
        """Write weights, then checkpoint, so that where there is a checkpoint there are its weights. The last two of each stay."""
        self.mean_losses()  # never keep what has diverged
        path, weights = (self.directory / f"{kind}-{self.step:08d}.safetensors" for kind in ("checkpoint", "weights"))
        network = self.players.mean.network
        calibrate_generator(network, self.config, len(self.class_names), self.device)
        save_weights(network, self.config, weights, WeightsMeta(self.channels, self.class_names, self.step, len(self.batches)))
        meta = {
            "config": self.config.model_dump(mode="json"),
            "class_names": self.class_names,
            "image_count": len(self.batches),
            "step": self.step,
            "sampled_step": self.sampled_step,
            "seconds": self.clock.seconds,
            "loss_count": self.loss_count,
            "scaler": self.players.precision.scaler.state_dict(),
        }
        checkpoint.write(path, {**self.players.state(), "losses": self.loss_sums}, {key: json.dumps(value) for key, value in meta.items()})
        for kind in ("checkpoint", "weights"):
            checkpoint.keep_newest(self.directory.glob(f"{kind}-*.safetensors"), 2)
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        return Checkpoint(self.step, path, weights)

    def resume(self, path: Path) -> None:
        """Be where the checkpoint was."""
        tensors, metadata = checkpoint.read(path)
        values = {
            key: checkpoint.decode(metadata, key, path)
            for key in ("config", "class_names", "image_count", "step", "sampled_step", "seconds", "loss_count", "scaler")
        }
        checkpoint.check_belongs(path, values, self.config, (list(self.class_names), len(self.batches)))
        try:
            self.loss_sums.copy_(tensors.pop("losses"))
            self.players.restore(tensors)
            self.players.precision.scaler.load_state_dict(values["scaler"])
        except (KeyError, ValueError, IndexError, RuntimeError) as error:
            raise CheckpointUnusable(f"{path.name} does not fit this run's networks.") from error
        self.step, self.sampled_step, self.loss_count = values["step"], values["sampled_step"], values["loss_count"]
        self.clock = Clock(values["seconds"])
