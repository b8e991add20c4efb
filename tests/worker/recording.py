"""Events as a trainer yields them, and the files they leave."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage

from gan_core.events import Change, Checkpoint, Evidence, Kind, Losses, Nearest, Progress, Samples, Scores, Verdict
from portal.runs.models import Run


def progress(step: int) -> Progress:
    return Progress(step=step, total_steps=100, epoch=step / 3, seconds=step / 10, images_per_second=80.0)


def loss(step: int) -> Losses:
    return Losses(step, step / 10, 0.5 + step, 1.5 + step)


def sheet(step: int) -> Samples:
    return Samples(step, 0.0, np.full((4, 16, 16, 1), 7, np.uint8), 2, 2, 1)


def near_sheet(step: int) -> Samples:
    """A sheet of four tiles, each with two training pictures near it."""
    nearest = Nearest(np.array([[0, 1], [2, 3], [4, 5], [1, 0]]), np.array([[0.1, 0.2]] * 4, np.float32), 0.25, "A network")
    return replace(sheet(step), nearest=nearest)


def scores(step: int, kid: float) -> Scores:
    measured = dict.fromkeys(("fd", "kid_error", "precision", "recall", "density", "coverage", "mifid", "copies", "cost"), 0.5)
    return Scores(step, step / 10, "A network", 100, 200, 1, kid=kid, **measured)


def verdict(step: int, kind: Kind = "discriminator-strong", change: Change | None = None) -> Verdict:
    return Verdict(step, kind, "warn", "The discriminator is winning", "It spots every fake.", (Evidence("Fakes spotted", "99 %"),), change)


def checkpoint(step: int, directory: Path, *, best: bool = False) -> Checkpoint:
    path, weights = directory / f"checkpoint-{step}", directory / f"weights-{step}"
    path.write_bytes(b"everything %d" % step)
    weights.write_bytes(b"weights %d" % step)
    return Checkpoint(step, path, weights, best)


def files(run: Run) -> list[str]:
    """All files of the run in storage."""
    found = []
    for directory in (run.directory, f"{run.directory}/samples"):
        if default_storage.exists(directory):
            found += [f"{directory}/{name}" for name in default_storage.listdir(directory)[1]]
    return sorted(found)
