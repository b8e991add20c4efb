"""Which setting to change, and to what: for every verdict the first of some proposals that is valid and does something."""

from collections.abc import Iterator

from pydantic import ValidationError

from gan_core import relevance
from gan_core.config import TrainConfig
from gan_core.events import Change, Kind

Proposal = tuple[str, str | int | float | bool]
SMALLEST_RATE = 1e-6
UNUSUALLY_LOW = 5e-5
"""A learning rate below is more likely too low than the other one is too high."""
LARGE_BATCH = 128


def advise(kind: Kind, config: TrainConfig, image_count: int) -> Change | None:
    """The change to try after that verdict; None if there is none that could help."""
    proposals = {
        "discriminator-strong": _weaker_discriminator,
        "generator-strong": _stronger_discriminator,
        "collapse": _more_variety,
        "class-collapse": _more_variety_of_classes,
        "diverged": _calmer,
        "memorising": _less_copying,
    }.get(kind)
    if proposals is None:
        return None
    return next((Change(*one) for one in proposals(config, image_count) if is_valid(config, *one)), None)


def is_valid(config: TrainConfig, setting: str, value: str | int | float | bool) -> bool:
    """Whether the setting can be changed to that, all others being as they are, and something comes of it."""
    if getattr(config, setting) == value:
        return False
    try:
        changed = TrainConfig.model_validate(config.model_dump() | {setting: value})
    except ValidationError:
        return False
    return relevance.has_effect(setting, changed.model_dump())


def _weaker_discriminator(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    discriminator, generator = config.discriminator_learning_rate, config.generator_learning_rate
    if generator < min(discriminator / 4, UNUSUALLY_LOW):
        yield "generator_learning_rate", discriminator if discriminator <= 2e-4 else 2e-4
    if discriminator > 2 * generator:
        yield "discriminator_learning_rate", generator
    if config.objective != "wasserstein" and config.discriminator_steps > 1:
        yield "discriminator_steps", 1
    if config.objective != "wasserstein" and discriminator / 2 >= SMALLEST_RATE:
        yield "discriminator_learning_rate", _half(discriminator)
    yield from _augmentation(config, image_count)
    if generator * 2 <= 2e-3:
        yield "generator_learning_rate", 2 * generator


def _stronger_discriminator(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    discriminator, generator = config.discriminator_learning_rate, config.generator_learning_rate
    if discriminator < generator / 2:
        yield "discriminator_learning_rate", generator
    if config.discriminator_width < config.generator_width:
        yield "discriminator_width", config.generator_width
    if config.discriminator_width < 64:
        yield "discriminator_width", 2 * config.discriminator_width
    if generator / 2 >= SMALLEST_RATE:
        yield "generator_learning_rate", _half(generator)


def _more_variety(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    rates = config.generator_learning_rate, config.discriminator_learning_rate
    if max(rates) > 5e-3:
        yield "generator_learning_rate" if rates[0] >= rates[1] else "discriminator_learning_rate", 2e-4
    if config.latent_size < 16:
        yield "latent_size", 100
    if config.objective == "wasserstein":
        yield "penalty", "gradient"
    if config.batch_size < 32:
        yield "batch_size", 2 * config.batch_size
    if config.penalty == "none":
        yield "penalty", "r1"
    if config.batch_size < LARGE_BATCH:
        yield "batch_size", 2 * config.batch_size
    if rates[0] / 2 >= SMALLEST_RATE:
        yield "generator_learning_rate", _half(rates[0])


def _more_variety_of_classes(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    if config.class_method == "auxiliary" and config.auxiliary_weight_generator > 0.1:
        yield "auxiliary_weight_generator", 0.1
    if config.class_method != "projection":
        yield "class_method", "projection"
    yield from _more_variety(config, image_count)


def _calmer(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    if config.precision == "fp16":
        yield "precision", "fp32"
    rates = {name: float(getattr(config, name)) for name in ("generator_learning_rate", "discriminator_learning_rate")}
    higher = max(rates, key=lambda name: rates[name])
    if rates[higher] > 5e-3:
        yield higher, 2e-4
    if rates[higher] / 2 >= SMALLEST_RATE:
        yield higher, _half(rates[higher])


def _less_copying(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    yield from _augmentation(config, image_count)


def _augmentation(config: TrainConfig, image_count: int) -> Iterator[Proposal]:
    present = config.augmentation_for(image_count)
    if present == "none":
        yield "augmentation", "diffaugment"
    if present != "adaptive":
        yield "augmentation", "adaptive"


def _half(rate: float) -> float:
    return float(f"{rate / 2:.3g}")
