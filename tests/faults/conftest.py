"""What a run has left when it is done, and what an undisturbed one of the same seed leaves."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from django.core.files.storage import default_storage
from safetensors.torch import load_file

from gan_core.events import Checkpoint, Losses
from gan_core.images.manifest import Manifest
from portal.runs.models import Artifact, Run
from tests.processes import Broker, Portal
from tests.training import archive, checked, config, person
from worker import prepared


class Outcome(NamedTuple):
    losses: list[tuple[int, float, float]]
    weights: dict[str, np.ndarray]


def outcome(run: Run) -> Outcome:
    """Read from database and storage."""
    weights = Path(default_storage.path(run.artifacts.get(kind=Artifact.Kind.WEIGHTS).file.name))
    return Outcome(list(run.losses.values_list("step", "discriminator", "generator")), arrays(weights))


def arrays(path: Path) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in load_file(path).items()}
