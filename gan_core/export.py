"""The generator as a file of its own: weights as safetensors, and all that is needed to use them in its metadata."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import nn

from gan_core import __version__, checkpoint
from gan_core.config import TrainConfig


@dataclass(frozen=True, slots=True)
class WeightsMeta:
    """What one must know besides the configuration to rebuild and use a generator."""

    channels: int
    """1 grey, 3 RGB, 4 RGBA."""
    class_names: tuple[str, ...]
    """By label; empty if the pictures had no classes."""
    step: int
    """Generator steps it was trained for."""
    image_count: int
    """Pictures it was trained on."""
    original_width: int = 0
    original_height: int = 0
    """Median of the pictures before they were prepared, in pixels; 0 if unknown."""


def save_weights(generator: nn.Module, config: TrainConfig, path: Path, meta: WeightsMeta) -> None:
    """Write the generator. `gan_core.sampling.load` reads it."""
    checkpoint.write(path, generator.state_dict(), weights_metadata(config, meta))


def weights_metadata(config: TrainConfig, meta: WeightsMeta) -> dict[str, str]:
    """What a file of weights tells besides them; every value is JSON."""
    metadata = {"format": "ganvas-generator", "version": __version__, "config": config.model_dump(mode="json"), **asdict(meta)}
    return {key: json.dumps(value) for key, value in metadata.items()}
