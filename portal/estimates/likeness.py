"""Which settings take the same time and memory: two runs are alike if they differ only in what costs nothing."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from gan_core.config import TrainConfig
from gan_core.relevance import has_effect

FREE = frozenset(
    {
        *("steps", "epochs", "seed", "sample_every_seconds", "checkpoint_every_seconds"),
        *("score_samples", "score_every_seconds", "patience"),
        *("fit", "background", "mirror", "crop_to_boxes", "tiles", "tile_scale", "class_balanced", "dequantise"),
        *("generator_learning_rate", "discriminator_learning_rate", "beta1", "beta2"),
        *("schedule", "schedule_share", "learning_rate_end", "beta2_end", "penalty_end", "penalty_weight", "clip_value"),
        *("warmup_discriminator_steps", "auxiliary_weight", "auxiliary_weight_generator", "latent_distribution", "adaptive_target"),
        *("instance_noise", "invert_labels", "flip_labels", "real_label_low", "real_label_high", "fake_label_low", "fake_label_high"),
    }
)
"""Settings without weight for speed and memory. One that is new counts until it is named here."""
STEPS = 1000
"""Length of a settled configuration, which must have one."""
COLOURLESS = {"1", "L", "LA", "I", "I;16", "F"}


class Pictures(Protocol):
    """The part of a dataset that matters."""

    modes: Any
    classes: Any
    transparent_count: int

    def training_count(self, config: TrainConfig) -> int: ...


@dataclass(frozen=True)
class Settled:
    """Settings with all that is free as usual, and nothing left to `auto` that depends on the pictures."""

    config: dict[str, Any]
    """A complete TrainConfig as JSON."""
    classes: int

    @cached_property
    def key(self) -> str:
        told = json.dumps([self.config, self.classes], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def settle(config: TrainConfig, pictures: Pictures) -> Settled:
    given = config.model_dump(mode="json")
    usual = {name: info.default for name, info in TrainConfig.model_fields.items()}
    kept = {name: value for name, value in given.items() if name not in FREE and has_effect(name, given)}
    classes = len(pictures.classes) if config.conditional else 0
    depends = {"channels": channels(config, pictures), "augmentation": config.augmentation_for(pictures.training_count(config)), "steps": STEPS}
    return Settled({**usual, **kept, **depends, "ema": usual["ema"] if config.ema else 0.0}, classes)


def channels(config: TrainConfig, pictures: Pictures) -> str:
    """What `auto` means for these pictures."""
    if config.channels != "auto":
        return config.channels
    grey = bool(pictures.modes) and set(pictures.modes) <= COLOURLESS
    return "grey" if grey and not pictures.transparent_count else "rgb"
