"""What all processes of a run do but the first: every step with it, and nothing else. See `gan_core.parallel`."""

from pathlib import Path
from typing import NamedTuple

from gan_core import parallel
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.parallel import Word
from gan_core.precision import choose_device
from gan_core.state import State


class Work(NamedTuple):
    """What the first process has to train."""

    config: TrainConfig
    images: Path | None
    """Of an `ImageStore`, readable by all; None only where no other process is."""
    resume: Path | None
    parts: int


def follow(device: str = "auto") -> None:
    """Take part in the run that the first process trains, until it ends.

    Raises:
        ConfigMismatch: as the first process does.
        RuntimeError: another process has ended too early.
    """
    work: Work = parallel.hand_round()
    place = choose_device(device)
    assert work.images is not None
    images = ImageStore.open(work.images)
    batches = Batches(work.config, images, place)
    state = State(work.config, images, len(batches), place)
    if work.resume is not None:
        state.restore(work.resume)
    state.divide_into(work.parts)
    while (word := parallel.hear()) is not Word.END:
        if word is Word.BACK:
            state.go_back(parallel.hand_round())
        else:
            state.step += 1
            state.players.step(state.step, batches)
