"""The watchman's words: title, sentences and level of each verdict, and how measured numbers are put."""

from collections.abc import Mapping
from typing import Literal

from gan_core.config import TrainConfig
from gan_core.events import Change, Kind

Level = Literal["info", "ok", "warn", "bad"]

TITLES: Mapping[Kind, str] = {
    "early": "Too early to say",
    "healthy": "Going well",
    "discriminator-strong": "The discriminator is winning",
    "generator-strong": "The generator is winning",
    "collapse": "The pictures are all alike",
    "class-collapse": "One picture for each class",
    "diverged": "It fell apart",
    "memorising": "It may be copying",
    "finished-improving": "Probably finished",
}
LEVELS: Mapping[Kind, Level] = {
    "early": "info",
    "healthy": "ok",
    "discriminator-strong": "warn",
    "generator-strong": "warn",
    "collapse": "bad",
    "class-collapse": "warn",
    "diverged": "bad",
    "memorising": "warn",
    "finished-improving": "info",
}
WITHOUT_CHANGE: Mapping[Kind, str] = {
    "discriminator-strong": "Try another recipe or a lower learning rate of the discriminator.",
    "generator-strong": "Try a wider discriminator.",
    "collapse": "Try another recipe; “Slow and steady” seldom collapses.",
    "class-collapse": "Try another recipe, or leave the classes out.",
    "memorising": "Add pictures if you can, or stop here.",
}
"""What to do if there is no setting to change."""
TRY: Mapping[str, str] = {
    "augmentation": "more augmentation",
    "auxiliary_weight_generator": "a lower guess weight of the generator",
    "batch_size": "a larger batch",
    "class_method": "classes by projection",
    "discriminator_learning_rate": "another discriminator learning rate",
    "discriminator_steps": "fewer discriminator steps",
    "discriminator_width": "a wider discriminator",
    "generator_learning_rate": "another generator learning rate",
    "latent_size": "more latent numbers",
    "penalty": "another penalty",
    "precision": "full precision",
}
NAMES: Mapping[str, str] = {
    "adaptive": "adaptive",
    "diffaugment": "DiffAugment",
    "r1": "R1",
    "r1-r2": "R1-R2",
}


def trying(change: Change, config: TrainConfig) -> str:
    """The change as a sentence: "Try a larger batch: 16 to 32."."""
    before = getattr(config, change.setting)
    what = TRY[change.setting]
    if isinstance(change.value, int | float) and what.startswith("another"):
        what = what.replace("another", "a lower" if change.value < before else "a higher", 1)
    return f"Try {what}: {plain(before)} to {plain(change.value)}."


def plain(value: object) -> str:
    """A setting's value as one would write it: 0.00005, not 5e-05."""
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return NAMES.get(value, value) if isinstance(value, str) else str(value)


def spaced(number: int) -> str:
    """3210 as "3 210", with a narrow space that does not break."""
    return f"{number:,}".replace(",", "\u202f")


def percent(share: float) -> str:
    """0.987 as "99 %"; 100 % is only what is all of it."""
    return f"{min(round(100 * share), 99) if share < 0.9995 else 100} %"


def times(value: float) -> str:
    """2.14 as "2.1 times"."""
    return f"{value:.1f} times"


def measured(value: float) -> str:
    """Two figures that tell something, without exponents as far as possible: 0.69, 140, 0.0021."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}" if abs(value) >= 0.0001 or value == 0 else "under 0.0001"
