"""Work on the device that may run out of memory: it is tried again, with batches divided into more parts."""

from collections.abc import Callable, Generator
from typing import TypeVar

import torch

from gan_core import memory, parallel
from gan_core.errors import OutOfMemory
from gan_core.events import Note
from gan_core.precision import device_name
from gan_core.state import State

T = TypeVar("T")


def fitting(state: State, work: Callable[[], T]) -> Generator[Note, None, T]:
    """Do the work; whenever memory runs out, divide batches into twice as many parts, say so, and do it again.

    Raises:
        OutOfMemory: it does not fit with the smallest parts, or other processes take part.
    """
    while True:
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not memory.ran_out(error):
                raise
        yield _divide(state)  # out here, where the error no longer holds the tensors that filled the memory


def _divide(state: State) -> Note:
    """Halve the parts of a batch. What the discriminator learnt in the step that was broken off stays."""
    players, config, name = state.players, state.config, device_name(state.device)
    before = players.parts
    players.release()
    if state.device.type == "cuda":
        torch.cuda.empty_cache()
    if parallel.size() > 1:  # the others are in the middle of the step, and hear nothing
        raise OutOfMemory(f"Not enough memory on {name} for its share of a batch. Divide batches into more parts.")
    state.divide_into(2 * before)
    if players.parts == before:
        raise OutOfMemory(
            f"Not enough memory on {name}, even for two pictures of {config.width} x {config.height} pixels "
            "at a time. Take smaller pictures or narrower networks."
        )
    size = -(-config.batch_size // players.parts)
    return Note(state.step, f"Not enough memory for the whole batch: it goes through the networks in parts of {size} pictures from now on.")
