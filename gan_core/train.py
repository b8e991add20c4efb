"""The training loop: a generator of events. Leaving it is stopping; whoever iterates decides what becomes of the events.

    for event in train(config, ImageStore.open(directory), Path("runs/x")):
        ...

`events.send("checkpoint")`, `events.send("sample")` or `events.send(ClassSheet(label))` in place of `next(events)` asks for one between this
step and the next. Training that falls apart goes back to its last checkpoint at half the learning rates, twice at most; a batch that does not
fit into memory is divided into more parts.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

import torch

from gan_core import checkpoint, memory
from gan_core.batches import Batches
from gan_core.clock import Clock
from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable, ConfigMismatch, Diverged, OutOfMemory
from gan_core.events import Checkpoint, ClassSheet, Event, Losses, Note, Progress, Rewound, Samples
from gan_core.export import WeightsMeta, save_weights
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.precision import choose_device, device_name
from gan_core.sampling import Sheet, calibrate_generator, render

Request = Literal["sample", "checkpoint"] | ClassSheet
T = TypeVar("T")
SETBACKS = 2
"""How often a run may fall apart and go back before it ends."""
BEYOND_REASON = 1e8
"""A loss of this size is as good as infinite."""


def train(
    config: TrainConfig, images: ImageStore, directory: Path, *, resume: Path | None = None, device: str = "auto", parts: int = 1
) -> Generator[Event, Request | None, None]:
    """Train from the start, or from the checkpoint `resume`, to the end; checkpoints and weights go into `directory`.

    On a processor, with as many threads, a resumed run gives the very same weights as one that was never interrupted.

    Args:
        parts: divide each batch into at least so many parts, whatever configuration and checkpoint say: for a run that ran out of memory before.

    Raises:
        ConfigMismatch: configuration, pictures and device do not go together.
        CheckpointUnusable: `resume` is damaged or belongs to another run.
        Diverged: it fell apart once more after going back twice.
        OutOfMemory: the networks do not fit, however small the parts of a batch are.
    """
    run = _Run(config, images, directory, choose_device(device))
    wanted: set[Request] = set()
    if resume is not None:
        run.resume(resume)
    run.players.parts = min(max(parts, run.players.parts), run.most_parts)
    for event in run.events(wanted):
        request = yield event
        if isinstance(request, ClassSheet) and not (config.conditional and 0 <= request.label < len(run.class_names)):
            raise ConfigMismatch("There is no such class to draw a sheet of.")
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
        self.original_size = images.original_width, images.original_height
        self.sheet = Sheet.of(config, len(self.class_names))
        self.total_steps = config.total_steps(len(self.batches))
        self.loss_interval = config.loss_interval(len(self.batches))
        self.most_parts = max(1, config.batch_size // 2)  # normalisation needs two pictures
        self.loss_sums = torch.zeros(2, device=device)  # discriminator, generator; since the last loss point
        self.clock = Clock()
        self.setbacks = 0
        self.last_good: Path | None = None
        self.begin()

    def begin(self) -> None:
        """Be at the very start, with the networks' first weights."""
        self.players = Players(self.config, self.channels, len(self.class_names), len(self.batches), self.device)
        self.step = 0
        self.sampled_step = -1
        self.loss_sums.zero_()
        self.loss_count = 0

    def events(self, wanted: set[Request]) -> Iterator[Event]:
        """All events of the run. `wanted` is looked at between any two steps, and emptied."""
        resumed = self.step > 0
        self.clock = Clock(self.clock.seconds)
        yield self.progress()
        yield Note(self.step, f"Training on {device_name(self.device)}, {self.players.precision.name}.")
        yield Note(self.step, f"Going on from step {self.step}." if resumed else f"{len(self.batches)} pictures, {self.total_steps} steps.")
        if not resumed:
            yield from self.sample()
        self.clock.plan_sample(self.config.sample_every_seconds, 0.0)
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        while True:
            try:
                yield from self.steps(wanted)
                return
            except Diverged as error:
                rewound = self.go_back(error)
            yield rewound
            yield self.progress()

    def steps(self, wanted: set[Request]) -> Iterator[Event]:
        """From the present step to the end."""
        while self.step < self.total_steps:
            yield from self.advance()
            if self.step % self.loss_interval == 0:
                yield self.losses()
            if "sample" in wanted or self.clock.sample_due:
                wanted.discard("sample")
                yield from self.sample_once()
            for request in [request for request in wanted if isinstance(request, ClassSheet)]:
                wanted.discard(request)
                yield from self.class_sheet(request.label)
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

    def advance(self) -> Iterator[Note]:
        """One step; says so if the batch had to be divided."""
        self.step += 1
        losses = yield from self.fitting(lambda: self.players.step(self.step, self.batches))
        self.loss_sums += torch.stack(losses)
        self.loss_count += 1
        self.clock.count(self.config.batch_size * self.config.discriminator_steps_at(self.step))

    def fitting(self, work: Callable[[], T]) -> Generator[Note, None, T]:
        """Do the work, with smaller parts of a batch if memory runs out."""
        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not memory.ran_out(error):
                    raise
            yield self.divide()  # out here, where the error no longer holds the tensors that filled the memory

    def divide(self) -> Note:
        """Have each batch go through the networks in more parts. What the discriminator learnt in the step that was broken off stays."""
        self.players.release()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.players.parts >= self.most_parts:
            raise OutOfMemory(
                f"Not enough memory on {device_name(self.device)}, even for two pictures of {self.config.width} x {self.config.height} pixels "
                "at a time. Take smaller pictures or narrower networks."
            )
        self.players.parts = min(2 * self.players.parts, self.most_parts)
        size = -(-self.config.batch_size // self.players.parts)
        return Note(self.step, f"Not enough memory for the whole batch: it goes through the networks in parts of {size} pictures from now on.")

    def go_back(self, error: Diverged) -> Rewound:
        """Return to the last checkpoint, or else the start, with half the learning rates. Raises the error after too many setbacks."""
        if self.setbacks == SETBACKS:
            raise error
        at, share, setbacks, parts = self.step, self.players.rate_share / 2, self.setbacks + 1, self.players.parts
        clock = self.clock
        if self.last_good is not None:
            self.resume(self.last_good)
        else:
            self.begin()
            self.sampled_step = 0  # the first sheet stands
        self.clock, self.setbacks, self.players.rate_share, self.players.parts = clock, setbacks, share, parts
        place = f"the checkpoint at step {self.step}" if self.step else "the start"
        return Rewound(
            self.step, f"It fell apart: the losses became infinite before step {at}. Back to {place}, at {share:g} times the learning rates."
        )

    @property
    def epoch(self) -> float:
        return self.config.discriminator_steps_until(self.step) * self.config.batch_size / len(self.batches)

    def progress(self) -> Progress:
        self.mean_losses()  # notices divergence between two loss points, too
        self.clock.plan_progress()
        return Progress(self.step, self.total_steps, self.epoch, self.clock.seconds, self.clock.images_per_second)

    def mean_losses(self) -> tuple[float, float]:
        """(discriminator, generator) since the last loss point. Waits for the device."""
        discriminator, generator = (self.loss_sums / max(self.loss_count, 1)).tolist()
        if not all(abs(loss) < BEYOND_REASON for loss in (discriminator, generator)):  # which not-a-number is not either
            raise self.fallen_apart()
        return discriminator, generator

    def fallen_apart(self) -> Diverged:
        again = " again, though the learning rates had been halved" if self.setbacks else ""
        return Diverged(
            f"Training fell apart before step {self.step}{again}: the losses became infinite. "
            "Lower the learning rates, choose the precision fp32 or the R1 penalty, and launch it again."
        )

    def losses(self) -> Losses:
        discriminator, generator = self.mean_losses()
        self.loss_sums.zero_()
        self.loss_count = 0
        strength = self.players.augmenter.strength
        return Losses(self.step, self.clock.seconds, discriminator, generator, None if strength is None else float(strength))

    def sample(self) -> Iterator[Event]:
        started = time.monotonic()
        drawn = yield from self.fitting(lambda: self.draw(self.sheet))
        self.sampled_step = self.step
        self.clock.plan_sample(self.config.sample_every_seconds, time.monotonic() - started)
        yield drawn

    def class_sheet(self, label: int) -> Iterator[Event]:
        """A sheet of one class."""
        drawn = yield from self.fitting(lambda: self.draw(Sheet.of_class(self.config, label)))
        yield replace(drawn, label=label)

    def draw(self, sheet: Sheet) -> Samples:
        network = self.players.mean.network
        calibrate_generator(network, self.config, len(self.class_names), self.device, self.players.parts)
        images = render(network, self.config, sheet, self.device)
        return Samples(self.step, self.epoch, images, sheet.columns, sheet.rows, self.config.seed, sheet.row_labels)

    def sample_once(self) -> Iterator[Event]:
        """A sheet, unless this step has one."""
        if self.sampled_step != self.step:
            yield from self.sample()

    def checkpoint(self) -> Checkpoint:
        """Write weights, then checkpoint, so that where there is a checkpoint there are its weights. The last two of each stay."""
        self.mean_losses()  # never keep what has fallen apart
        if not self.players.is_finite():
            raise self.fallen_apart()
        path, weights = (self.directory / f"{kind}-{self.step:08d}.safetensors" for kind in ("checkpoint", "weights"))
        network = self.players.mean.network
        calibrate_generator(network, self.config, len(self.class_names), self.device, self.players.parts)
        save_weights(network, self.config, weights, WeightsMeta(self.channels, self.class_names, self.step, len(self.batches), *self.original_size))
        meta = {
            "config": self.config.model_dump(mode="json"),
            "class_names": self.class_names,
            "image_count": len(self.batches),
            "step": self.step,
            "sampled_step": self.sampled_step,
            "seconds": self.clock.seconds,
            "loss_count": self.loss_count,
            "scaler": self.players.precision.scaler.state_dict(),
            "rate_share": self.players.rate_share,
            "parts": self.players.parts,
            "setbacks": self.setbacks,
        }
        checkpoint.write(path, {**self.players.state(), "losses": self.loss_sums}, {key: json.dumps(value) for key, value in meta.items()})
        for kind in ("checkpoint", "weights"):
            checkpoint.keep_newest(self.directory.glob(f"{kind}-*.safetensors"), 2)
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        self.last_good = path
        return Checkpoint(self.step, path, weights)

    def resume(self, path: Path) -> None:
        """Be where the checkpoint was."""
        tensors, metadata = checkpoint.read(path)
        keys = ("config", "class_names", "image_count", "step", "sampled_step", "seconds", "loss_count", "scaler", "rate_share", "parts", "setbacks")
        metadata = {"rate_share": "1.0", "parts": "1", "setbacks": "0", **metadata}  # which older checkpoints do not know
        values = {key: checkpoint.decode(metadata, key, path) for key in keys}
        checkpoint.check_belongs(path, values, self.config, (list(self.class_names), len(self.batches)))
        try:
            self.loss_sums.copy_(tensors.pop("losses"))
            self.players.restore(tensors)
            self.players.precision.scaler.load_state_dict(values["scaler"])
        except (KeyError, ValueError, IndexError, RuntimeError) as error:
            raise CheckpointUnusable(f"{path.name} does not fit this run's networks.") from error
        self.step, self.sampled_step, self.loss_count = values["step"], values["sampled_step"], values["loss_count"]
        self.players.rate_share, self.players.parts, self.setbacks = values["rate_share"], values["parts"], values["setbacks"]
        self.clock = Clock(values["seconds"])
        self.last_good = path
