"""The training loop: a generator of events. Leaving it is stopping; whoever iterates decides what becomes of the events.

    for event in train(config, ImageStore.open(directory), Path("runs/x")):
        ...

`events.send("checkpoint")`, `events.send("sample")` or `events.send(ClassSheet(label))` in place of `next(events)` asks for one between this
step and the next. Training that falls apart goes back to its last checkpoint at half the learning rates, twice at most; a batch that does not
fit into memory is divided into more parts.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from gan_core import parallel
from gan_core.batches import Batches
from gan_core.clock import Clock
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch, Diverged, ScoresUnavailable
from gan_core.events import ClassSheet, Event, Losses, Note, Progress, Rewound, Samples
from gan_core.examine import Examiner
from gan_core.fitting import fitting
from gan_core.follow import Work
from gan_core.images.store import ImageStore
from gan_core.keeper import Keeper
from gan_core.parallel import Word
from gan_core.precision import choose_device, device_name
from gan_core.sampling import Sheet
from gan_core.state import State
from gan_core.watch import Vitals, Watch

Request = Literal["sample", "checkpoint"] | ClassSheet
SHARES = ("half", "a quarter of")
"""Of the learning rates, after each time that a run has fallen apart and gone back. Once more, and it ends."""


def train(
    config: TrainConfig, images: ImageStore, directory: Path, *, resume: Path | None = None, device: str = "auto", parts: int = 1
) -> Generator[Event, Request | None, None]:
    """Train from the start, or from the checkpoint `resume`, to the end; checkpoints and weights go into `directory`.

    On a processor, with as many threads, a resumed run gives the very same weights as one that was never interrupted. Where several processes
    train together (`gan_core.parallel`), this is for the first of them; the others `follow`.

    Args:
        parts: divide each batch into at least so many parts, whatever configuration and checkpoint say: for a run that ran out of memory before.

    Raises:
        ConfigMismatch: configuration, pictures and device do not go together.
        CheckpointUnusable: `resume` is damaged or belongs to another run.
        Diverged: it fell apart once more after going back twice.
        OutOfMemory: the networks do not fit, however small the parts of a batch are (`gan_core.fitting`).
    """
    parallel.check(config)
    parallel.hand_round(Work(config, images.directory, resume, parts))
    run = _Run(config, images, directory, choose_device(device))
    if resume is not None:
        run.resume(resume)
    run.state.divide_into(parts)
    wanted: set[Request] = set()
    with run.keeper, _ended():  # what is being written will be whole before this ends
        for event in run.events(wanted):
            request = yield event
            if isinstance(request, ClassSheet) and not (config.conditional and 0 <= request.label < len(images.class_names)):
                raise ConfigMismatch("There is no such class to draw a sheet of.")
            if request is not None:
                wanted.add(request)


@contextmanager
def _ended() -> Iterator[None]:
    """Let the other processes go when the run has ended or was left. After an error they find this one gone."""
    try:
        yield
    except GeneratorExit:
        parallel.tell(Word.END)
        raise
    parallel.tell(Word.END)


class _Run:
    """A run on its way."""

    def __init__(self, config: TrainConfig, images: ImageStore, directory: Path, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.batches = Batches(config, images, device)
        self.state = State(config, images, len(self.batches), device)
        self.sheet = Sheet.of(config, len(images.class_names))
        self.total_steps = config.total_steps(len(self.batches))
        self.loss_interval = config.loss_interval(len(self.batches))
        self.clock = Clock()
        self.examiner = Examiner(config, images, device)
        self.watch = Watch(config, images)
        self.keeper = Keeper(directory)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        self.clock = Clock(self.state.restore(path))
        self.remember()
        self.watch.restore(self.state.seen.get("watch", {}))
        self.keeper.last_good = path

    def remember(self) -> None:
        """Know the scores that the state was kept with."""
        self.examiner.restore(self.state.seen.get("scores", {}))
        self.state.best_step = self.examiner.best_step

    def events(self, wanted: set[Request]) -> Iterator[Event]:
        """All events of the run. `wanted` is looked at between any two steps, and emptied."""
        step = self.state.step
        self.clock = Clock(self.clock.seconds)
        yield self.progress()
        yield Note(step, f"Training on {device_name(self.device)}, {self.state.players.precision.name}.")
        yield Note(step, f"Going on from step {step}." if step else f"{len(self.batches)} pictures, {self.total_steps} steps.")
        if not step:
            yield from self.sample()
        self.clock.plan_sample(self.config.sample_every_seconds, 0.0)
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        while True:
            try:
                yield from self.steps(wanted)
                return
            except Diverged as error:
                yield from self.keeper.written(self.state.step, wait=True)  # to go back there
                rewound = self.go_back(error)
            yield rewound
            self.watch.rewound(rewound.step, rewound.message)
            yield from self.verdict()
            yield self.progress()

    def steps(self, wanted: set[Request]) -> Iterator[Event]:
        """From the present step to the end."""
        while self.state.step < self.total_steps:
            yield from self.advance()
            if self.state.step % self.loss_interval == 0:
                yield self.losses()
                yield from self.verdict()
            if "sample" in wanted or self.clock.sample_due:
                wanted.discard("sample")
                yield from self.sample_once()
            for request in [request for request in wanted if isinstance(request, ClassSheet)]:
                wanted.discard(request)
                yield (yield from self.draw(Sheet.of_class(self.config, request.label), label=request.label))
            yield from self.examine(wanted)  # first, for the best pictures are kept at once
            yield from self.keeper.written(self.state.step)
            if "checkpoint" in wanted:
                wanted.discard("checkpoint")
                yield from self.checkpoint()
            elif self.clock.checkpoint_due and not self.keeper.busy:
                yield from self.checkpoint(wait=False)
            if self.clock.progress_due:
                yield self.progress()
            if self.examiner.out_of_patience:
                yield Note(self.state.step, f"No better score for {self.config.patience} in a row: the run ends here.")
                break
        yield from self.finish(wanted)

    def finish(self, wanted: set[Request]) -> Iterator[Event]:
        """The last words of a run."""
        yield self.progress()
        if self.state.loss_count:
            yield self.losses()
            yield from self.verdict()
        yield from self.examine(wanted, at_the_end=True)
        yield from self.sample_once()
        yield from self.checkpoint()

    def advance(self) -> Iterator[Event]:
        """One step; says so if the batch had to be divided."""
        state = self.state
        parallel.tell(Word.STEP)
        state.step += 1
        losses = yield from fitting(state, lambda: state.players.step(state.step, self.batches))
        state.loss_sums += losses
        state.loss_count += 1
        self.clock.count(self.config.batch_size * self.config.discriminator_steps_at(state.step))

    def go_back(self, error: Diverged) -> Rewound:
        """Return to the last checkpoint, or else the start, with half the learning rates. Raises the error after too many setbacks."""
        state = self.state
        if state.setbacks == len(SHARES):
            raise error
        at = state.step
        parallel.tell(Word.BACK)
        parallel.hand_round(self.keeper.last_good)
        state.go_back(self.keeper.last_good)
        self.remember()
        place = f"the checkpoint at step {_spaced(state.step)}" if state.step else "the start"
        message = (
            f"The losses became infinite before step {_spaced(at)}. We went back to {place}, at {SHARES[state.setbacks - 1]} the learning rates."
        )
        return Rewound(state.step, message)

    def progress(self) -> Progress:
        self.state.mean_losses()  # notices divergence between two loss points, too
        self.clock.plan_progress()
        return Progress(self.state.step, self.total_steps, self.state.epoch, self.clock.seconds, self.clock.images_per_second)

    def losses(self) -> Losses:
        state = self.state
        discriminator, generator = state.mean_losses()
        state.loss_sums.zero_()
        state.loss_count = 0
        strength = state.players.augmenter.strength
        losses = Losses(state.step, self.clock.seconds, discriminator, generator, None if strength is None else float(strength))
        if measured := state.players.gauge.take():
            self.watch.vitals(Vitals(state.step, self.total_steps, losses.seconds, discriminator, generator, *measured, losses.augmentation))
        return losses

    def verdict(self) -> Iterator[Event]:
        """The watchman's, if it is another one than before."""
        if verdict := self.watch.verdict():
            yield verdict

    def examine(self, wanted: set[Request], *, at_the_end: bool = False) -> Iterator[Event]:
        """A score, if one is due."""
        examiner = self.examiner
        try:
            if at_the_end and examiner.wanted and examiner.scored_step != self.state.step or examiner.due(self.clock.seconds):
                yield from self.score(wanted)
                if examiner.best_step == self.state.step and not at_the_end:
                    yield from self.checkpoint()
        except ScoresUnavailable as error:
            examiner.wanted = False
            yield Note(self.state.step, str(error))

    def score(self, wanted: set[Request]) -> Iterator[Event]:
        """Score the pictures of this step; given up when a checkpoint is wanted, for then somebody waits. The best ones are kept."""
        began, step = time.monotonic(), self.state.step
        features = []
        for inputs in self.examiner.inputs():
            images = yield from fitting(self.state, partial(self.state.draw, inputs))
            features.append(self.examiner.features(images))
            if self.clock.progress_due:
                yield self.progress()
            if "checkpoint" in wanted:
                return
        scores = self.examiner.judge(torch.cat(features), step=step, seconds=self.clock.seconds, began=began)
        self.watch.scores(scores)
        yield scores
        yield from self.verdict()

    def sample_once(self) -> Iterator[Event]:
        """A sheet, unless this step has one."""
        if self.state.sampled_step != self.state.step:
            yield from self.sample()

    def sample(self) -> Iterator[Event]:
        """The next sheet of the series."""
        started = time.monotonic()
        self.state.sampled_step = self.state.step
        drawn = yield from self.draw(self.sheet)
        self.clock.plan_sample(self.config.sample_every_seconds, time.monotonic() - started)
        yield drawn
        self.watch.sheet(drawn.images, drawn.row_labels)

    def draw(self, sheet: Sheet, label: int | None = None) -> Generator[Event, None, Samples]:
        state = self.state
        images = yield from fitting(state, lambda: state.draw(sheet))
        nearest = self.examiner.nearest(images)
        return Samples(state.step, state.epoch, images, sheet.columns, sheet.rows, self.config.seed, sheet.row_labels, label, nearest)

    def checkpoint(self, *, wait: bool = True) -> Iterator[Event]:
        """Keep this step: at once, or by a thread while training goes on, for it takes as long as some steps."""
        state = self.state
        yield from self.keeper.written(state.step, wait=True)  # one after the other
        state.seen = {"scores": self.examiner.state(), "watch": self.watch.state()}
        state.best_step = self.examiner.best_step
        self.keeper.write(state.snapshot(self.clock.seconds))
        self.clock.plan_checkpoint(self.config.checkpoint_every_seconds)
        yield from self.keeper.written(state.step, wait=wait, needed=wait)


def _spaced(number: int) -> str:
    """3210 as "3 210", with a narrow space that does not break."""
    return f"{number:,}".replace(",", "\u202f")
