"""The grid: a cell that is not refused trains."""

import itertools
import random
from typing import Any, get_args

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gan_core import architectures
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.players import Players

CPU = torch.device("cpu")
LITTLE = {"steps": 2, "width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8, "batch_size": 4}
CHOICES = ("objective", "penalty", "class_method", "augmentation")
SWITCHES = ("spectral_norm", "conditional", "discriminator_batch_norm")
EACH = 16
"""Cells that are tried of each architecture."""


def valid(values: dict[str, Any]) -> TrainConfig | None:
    try:
        return TrainConfig.model_validate(LITTLE | values)
    except ValidationError:
        return None


def cells(architecture: str) -> list[TrainConfig]:
    """A draw from all that are valid, always the same, in which every choice occurs that the architecture has."""
    axes = [get_args(TrainConfig.model_fields[name].annotation) for name in CHOICES] + [(True, False)] * len(SWITCHES)
    every = [dict(zip((*CHOICES, *SWITCHES), cell, strict=True)) | {"architecture": architecture} for cell in itertools.product(*axes)]
    random.Random(architecture).shuffle(every)
    found = [config for values in every if (config := valid(values)) is not None]
    drawn, seen = [], set[tuple[str, Any]]()
    for config in found:
        new = {(name, getattr(config, name)) for name in (*CHOICES, *SWITCHES)} - seen
        if new or len(drawn) < EACH:
            drawn.append(config)
            seen |= new
    return drawn


@pytest.mark.parametrize("architecture", architectures.names())
def test_a_cell_that_is_not_refused_trains(architecture: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 4), dtype=np.uint8)
    store = ImageStore(images, np.arange(12) % 3, ("a", "b", "c"))  # type: ignore[arg-type]
    for config in cells(architecture):
        players = Players(config, 4, 3, 12, CPU)
        for step in (1, 2):
            losses = players.step(step, Batches(config, store, CPU))
        assert losses.isfinite().all() and players.is_finite(), config
