"""Which settings go together: architecture x conditioning x objective x penalty x augmentation is one grid, and every cell of it either
works or is refused here, with a sentence. Torch-free."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gan_core import architectures

if TYPE_CHECKING:
    from gan_core.config import TrainConfig

Problem = tuple[str, str]
"""(field, sentence)"""

SLOPES = ("gradient", "r1", "r1-r2")
"""Penalties on the discriminator's gradient."""
LABELLED = ("non-saturating", "minimax", "least-squares")
"""Objectives with a label for real and one for fake, which may be inverted and swapped."""
SMOOTHED = (*LABELLED, "hinge")
"""Objectives whose labels may be smoothed; hinge takes them as margins."""
LOGISTIC = ("non-saturating", "minimax", "hinge", "relativistic")
"""Objectives under which the sign of a logit says real or fake."""
SCALED = ("fastgan", "r3gan", "stylegan2")
"""Architectures that scale their weights whenever they use them."""


def problems(config: "TrainConfig") -> list[Problem]:
    """(field, sentence) for every pair of settings that cannot go together."""
    rules = (_length, _penalties, _normalisation, _architecture, _classes, _labels, _schedule, _augmentation, _pictures)
    return [problem for rule in rules for problem in rule(config)]


def _length(config: "TrainConfig") -> Iterator[Problem]:
    if config.steps is None and config.epochs is None:
        yield "steps", "Set steps or epochs."
    if config.steps is not None and config.epochs is not None:
        yield "epochs", "Set steps or epochs, not both."
    if config.patience and not config.score_samples:
        yield "patience", "Patience counts scores, and none are taken. Set the pictures to score."


def _penalties(config: "TrainConfig") -> Iterator[Problem]:
    if config.objective == "wasserstein" and config.penalty not in ("clip", "gradient") and not config.spectral_norm:
        yield "penalty", "Wasserstein needs a tame critic: choose clip or gradient, or turn on spectral normalisation."
    if config.penalty == "clip" and config.objective != "wasserstein":
        yield "penalty", "Weight clipping belongs to the Wasserstein objective."
    if config.penalty == "clip" and config.spectral_norm:
        yield "spectral_norm", "Spectral normalisation rescales the weights that clipping limits. Use one of the two."
    if config.penalty == "clip" and config.architecture in SCALED:
        yield "penalty", f"{config.architecture} scales its weights itself, so clipping them has no meaning. Choose gradient."
    if config.penalty not in SLOPES and config.penalty_interval > 1:
        yield "penalty_interval", "Only the penalties gradient, R1 and R1-R2 can be left out at times."


def _normalisation(config: "TrainConfig") -> Iterator[Problem]:
    if not config.discriminator_batch_norm or "discriminator_batch_norm" not in architectures.describe(config.architecture).settings:
        return
    if config.penalty in SLOPES:
        yield (
            "discriminator_batch_norm",
            "Batch normalisation mixes the pictures of a batch, and the penalty needs each one's own gradient. Untick it.",
        )
    if config.spectral_norm:
        yield "discriminator_batch_norm", "Spectral normalisation takes the place of batch normalisation in the discriminator. Untick it."


def _architecture(config: "TrainConfig") -> Iterator[Problem]:
    about = architectures.describe(config.architecture)
    for side in ("width", "height"):
        if getattr(config, side) > about.max_size:
            yield side, f"{config.architecture} draws up to {about.max_size} pixels. Choose dcgan for larger pictures."
    for name in sorted(architectures.OPTIONAL - about.settings):
        usual: Any = type(config).model_fields[name].default
        if name != "discriminator_batch_norm" and getattr(config, name) != usual:
            yield name, f"{config.architecture} has no such part. Leave it at {usual:g}."
    if config.architecture in SCALED and config.spectral_norm:
        yield "spectral_norm", f"{config.architecture} scales its weights itself. Untick it."


def _classes(config: "TrainConfig") -> Iterator[Problem]:
    if config.class_method == "auxiliary" and config.conditional and config.objective == "relativistic":
        yield "class_method", "Relativistic compares pairs of pictures and was never shown to work with a guessed class. Choose projection."
    if config.auxiliary_on_fake and config.class_method != "auxiliary":
        yield "auxiliary_on_fake", "Only the auxiliary method guesses classes."


def _labels(config: "TrainConfig") -> Iterator[Problem]:
    for kind in ("real", "fake"):
        if getattr(config, f"{kind}_label_low") > getattr(config, f"{kind}_label_high"):
            yield f"{kind}_label_high", "Must not be below the value it starts from."
    name = config.objective.capitalize()
    smoothed = (config.real_label_low, config.real_label_high, config.fake_label_low, config.fake_label_high) != (1.0, 1.0, 0.0, 0.0)
    if smoothed and config.objective not in SMOOTHED:
        yield "real_label_low", f"{name} has no labels to smooth."
    if config.flip_labels and config.objective not in LABELLED:
        yield "flip_labels", f"{name} has no labels to swap."
    if config.invert_labels and config.objective not in LABELLED:
        yield "invert_labels", f"{name} has no labels to invert."


def _schedule(config: "TrainConfig") -> Iterator[Problem]:
    if config.schedule != "constant":
        return
    if config.beta2_end is not None:
        yield "beta2_end", "A value for the end needs a schedule: choose linear or cosine."
    if config.penalty_end != 1.0:
        yield "penalty_end", "A value for the end needs a schedule: choose linear or cosine."


def _augmentation(config: "TrainConfig") -> Iterator[Problem]:
    if config.augmentation == "adaptive" and config.objective not in LOGISTIC:
        yield "augmentation", f"Adaptive asks whether a picture is judged real, which {config.objective} does not say. Choose DiffAugment."
    if config.augmentation == "diffaugment" and not (config.augment_colour or config.augment_translation or config.augment_cutout):
        yield "augmentation", "DiffAugment needs at least one of its three alterations."


def _pictures(config: "TrainConfig") -> Iterator[Problem]:
    if config.tiles and config.crop_to_boxes:
        yield "tiles", "Cut out the subjects or random tiles, not both."
    if config.tiles and config.fit == "pad":
        yield "fit", "Tiles fill the picture, so there is nothing to pad. Choose crop."
    if config.accumulate > max(1, config.batch_size // 2):
        yield "accumulate", "Each part needs at least two pictures. Take fewer parts or a larger batch."
