"""Events as a trainer yields them, and the files they leave."""

from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage

from gan_core.events import Checkpoint, Losses, Progress, Samples
from portal.runs.models import Run


def progress(step: int) -> Progress:
    return Progress(step=step, total_steps=100, epoch=step / 3, seconds=step / 10, images_per_second=80.0)


def loss(step: int) -> Losses:
    return Losses(step, step / 10, 0.5 + step, 1.5 + step)


def sheet(step: int) -> Samples:
    return Samples(step, 0.0, np.full((4, 16, 16, 1), 7, np.uint8), 2, 2, 1)


def checkpoint(step: int, directory: Path) -> Checkpoint:
    path, weights = directory / f"checkpoint-{step}", directory / f"weights-{step}"
    path.write_bytes(b"everything %d" % step)
    weights.write_bytes(b"weights %d" % step)
    return Checkpoint(step, path, weights)


def files(run: Run) -> list[str]:
    """All files of the run in storage."""
    found = []
    for directory in (run.directory, f"{run.directory}/samples"):
        if default_storage.exists(directory):
            found += [f"{directory}/{name}" for name in default_storage.listdir(directory)[1]]
    return sorted(found)
