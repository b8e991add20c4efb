"""The sheets of samples that a run shows: always the same latents, classes and noise, so that one sees each tile grow."""

from dataclasses import dataclass
from typing import Self

import torch

from gan_core.config import TrainConfig
from gan_core.sampling.inputs import Inputs, noise_seeds, seeded_inputs, seeded_latents


@dataclass(frozen=True, slots=True, eq=False)
class Sheet(Inputs):
    """What the tiles of a sheet are drawn from, row by row. With classes each row is a class and each column a latent."""

    columns: int
    rows: int
    row_labels: tuple[int, ...] = ()
    """The class of each row; empty without classes."""

    @classmethod
    def of(cls, config: TrainConfig, classes: int) -> Self:
        """The sheet of a run's own seed."""
        columns = _columns(config)
        if not config.conditional:
            return cls._of(seeded_inputs(config, columns * columns, config.seed), columns)
        rows = min(classes, 16 if max(config.width, config.height) <= 128 else columns)
        shown = torch.arange(rows) * classes // rows  # spread over all classes if there are more than rows
        latents = seeded_latents(config, columns, config.seed).repeat(rows, 1)
        return cls._of(Inputs(latents, shown.repeat_interleave(columns), noise_seeds(columns, config.seed) * rows), columns)

    @classmethod
    def of_class(cls, config: TrainConfig, label: int) -> Self:
        """A square sheet of one class."""
        columns = _columns(config)
        return cls._of(seeded_inputs(config, columns * columns, config.seed, torch.full((columns * columns,), label)), columns)

    @classmethod
    def _of(cls, inputs: Inputs, columns: int) -> Self:
        row_labels = () if inputs.labels is None else tuple(inputs.labels[::columns].tolist())
        return cls(inputs.latents, inputs.labels, inputs.noise_seeds, columns, len(inputs.latents) // columns, row_labels)


def _columns(config: TrainConfig) -> int:
    """Tiles side by side, fewer of large ones."""
    side = max(config.width, config.height)
    return 8 if side <= 128 else 6 if side < 256 else 4
