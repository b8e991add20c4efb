"""Which settings have an effect under which others. Torch-free.

A form leaves out of the way what does nothing at the moment; whether values go together is `gan_core.grid`'s to say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gan_core import architectures, grid

ALTERATIONS = ("augment_colour", "augment_translation", "augment_cutout")
LABEL_RANGES = ("real_label_low", "real_label_high", "fake_label_low", "fake_label_high")


@dataclass(frozen=True, slots=True)
class Condition:
    """Another setting has one of these values, or (`among` False) none of them."""

    field: str
    values: tuple[Any, ...]
    among: bool = True

    def holds(self, values: Mapping[str, Any]) -> bool:
        return (values[self.field] in self.values) is self.among


SLOPE = Condition("penalty", grid.SLOPES)
CLIPS = Condition("penalty", ("clip",))
SCHEDULED = Condition("schedule", ("constant",), among=False)
LEARNS_CLASSES = Condition("conditional", (True,))
SCORED = Condition("score_samples", (0,), among=False)
GUESSES = Condition("class_method", ("auxiliary",))

WHEN: Mapping[str, tuple[Condition, ...]] = {
    "score_every_seconds": (SCORED,),
    "patience": (SCORED,),
    "tile_scale": (Condition("tiles", (0,), among=False),),
    "penalty_weight": (SLOPE,),
    "penalty_interval": (SLOPE,),
    "penalty_end": (SLOPE, SCHEDULED),
    "clip_value": (CLIPS,),
    "clip_kernels_only": (CLIPS,),
    "beta1": (Condition("optimizer", ("adam",)),),
    "schedule_share": (SCHEDULED,),
    "learning_rate_end": (SCHEDULED,),
    "beta2_end": (SCHEDULED,),
    "class_method": (LEARNS_CLASSES,),
    "auxiliary_weight": (LEARNS_CLASSES, GUESSES),
    "auxiliary_weight_generator": (LEARNS_CLASSES, GUESSES),
    "auxiliary_on_fake": (LEARNS_CLASSES, GUESSES),
    **{name: (Condition("augmentation", ("auto", "diffaugment")),) for name in ALTERATIONS},
    "adaptive_target": (Condition("augmentation", ("adaptive",)),),
    "invert_labels": (Condition("objective", grid.LABELLED),),
    "flip_labels": (Condition("objective", grid.LABELLED),),
    **{name: (Condition("objective", grid.SMOOTHED),) for name in LABEL_RANGES},
    "spectral_norm": (Condition("architecture", grid.SCALED, among=False),),
}
"""Setting -> all of what must hold for it to have an effect. A setting that is not here always has one, unless an architecture lacks it."""


def conditions(name: str) -> tuple[Condition, ...]:
    """What must hold for the setting to have an effect; none for most."""
    return (*WHEN.get(name, ()), *((_architectures_with(name),) if name in architectures.OPTIONAL else ()))


def has_effect(name: str, values: Mapping[str, Any]) -> bool:
    """Whether the setting does something among these values: all settings of a TrainConfig, checked or not."""
    return all(condition.holds(values) for condition in conditions(name))


def is_lacking(name: str, architecture: Any) -> bool:
    """Whether that architecture has no such part."""
    return any(not one.holds({"architecture": architecture}) for one in conditions(name) if one.field == "architecture")


def without_effect(values: Mapping[str, Any]) -> Iterable[str]:
    """The settings among `values` that do nothing at the moment."""
    return [name for name in values if not has_effect(name, values)]


def _architectures_with(part: str) -> Condition:
    return Condition("architecture", tuple(name for name in architectures.names() if part in architectures.describe(name).settings))
