"""A configuration in words: the line beside each closed group of the form, the tags of a recipe, and the facts of a run's page."""

from collections.abc import Callable

from gan_core import relevance
from gan_core.config import TrainConfig
from portal import words
from portal.runs.setting_fields import WORDS

COLOURS = {"#ffffff": "white", "#000000": "black", "#808080": "grey"}
PENALTIES = {"clip": "weights clipped", "gradient": "gradient penalty", "r1": "R1", "r1-r2": "R1 and R2"}
AUGMENTATIONS = {"diffaugment": "DiffAugment", "adaptive": "adaptive augmentation"}
METHODS = {"projection": "by projection", "concatenation": "by concatenation", "auxiliary": "by guessing them"}


def summary(group: str, config: TrainConfig, image_count: int) -> str:
    """What the group's settings say; `image_count` 0 where the pictures are not known."""
    parts: dict[str, Callable[[], list[str]]] = {
        "pictures": lambda: _pictures(config),
        "length": lambda: _length(config, image_count),
        "optimisation": lambda: _optimisation(config),
        "architecture": lambda: _architecture(config),
        "tricks": lambda: _tricks(config, image_count),
    }
    return ", ".join(parts[group]())


def _pictures(config: TrainConfig) -> list[str]:
    parts = [size(config), config.fit]
    parts.append("transparent" if config.channels == "rgba" else f"on {COLOURS.get(config.background, config.background)}")
    if config.channels in ("grey", "rgb"):
        parts.append("grey" if config.channels == "grey" else "colour")
    if config.tiles:
        parts.append(f"{words.counted(config.tiles, 'tile')} of each")
    more = {"subjects cut out": config.crop_to_boxes, "mirrored": config.mirror, "classes equally often": config.class_balanced}
    return [*parts, *(word for word, used in more.items() if used)]


def _length(config: TrainConfig, image_count: int) -> list[str]:
    total = words.counted(config.total_steps(image_count), "step") if image_count else ""
    if config.steps is not None:
        return [words.counted(config.steps, "step"), *_scores(config)]
    return [words.counted(config.epochs or 0, "epoch"), *([total] if total else []), *_scores(config)]


def _scores(config: TrainConfig) -> list[str]:
    """Only what is not as usual, so that the line stays short."""
    if not config.score_samples:
        return ["no scores"]
    return [f"ends after {words.counted(config.patience, 'score')} without a better one"] if config.patience else []


def _optimisation(config: TrainConfig) -> list[str]:
    parts = [config.objective, *steadiers(config), f"batch {config.batch_size}", f"learning rate {learning_rate(config)}"]
    return [*parts, f"{config.schedule} schedule"] if config.schedule != "constant" else parts


def _architecture(config: TrainConfig) -> list[str]:
    parts = [architecture(config), f"latent {config.latent_size}", f"{config.generator_width} and {config.discriminator_width} wide"]
    return [*parts, f"learns the classes {METHODS[config.class_method]}"] if config.conditional else parts


def _tricks(config: TrainConfig, image_count: int) -> list[str]:
    parts = [AUGMENTATIONS.get(augmentation(config, image_count), "")]
    smoothed = (config.real_label_low, config.real_label_high, config.fake_label_low, config.fake_label_high) != (1, 1, 0, 0)
    labels = " and ".join(word for word, used in (("inverted", config.invert_labels), ("smoothed", smoothed)) if used)
    parts.append(f"labels {labels}" if labels else "")
    parts.append(f"{config.flip_labels * 100:g} % swapped" if config.flip_labels else "")
    parts.append(f"noise {config.instance_noise:g}" if config.instance_noise else "")
    parts.append(f"dropout {config.dropout:g}" if config.dropout else "")
    return [part for part in parts if part] or ["none"]


def steadiers(config: TrainConfig) -> list[str]:
    """What keeps the discriminator tame: "R1 of weight 10", "spectral normalisation"."""
    parts = []
    if config.penalty in PENALTIES:
        weighs = config.penalty_weight is not None and relevance.has_effect("penalty_weight", {"penalty": config.penalty})
        parts.append(PENALTIES[config.penalty] + (f" of weight {plain(config.penalty_weight or 0)}" if weighs else ""))
    return [*parts, "spectral normalisation"] if config.spectral_norm else parts


def augmentation(config: TrainConfig, image_count: int) -> str:
    """What is meant, where `auto` depends on pictures that are known."""
    return config.augmentation_for(image_count) if image_count else config.augmentation


def architecture(config: TrainConfig) -> str:
    return WORDS.get(config.architecture, config.architecture)


def tags(config: TrainConfig) -> list[str]:
    """A recipe in the few terms that tell it from others."""
    side = str(config.width) if config.width == config.height else f"{config.width} × {config.height}"
    found = [architecture(config), f"{side} px"]
    found += ["conditional"] if config.conditional else []
    found += ["transparent"] if config.channels == "rgba" else []
    found += ["WGAN" if config.objective == "wasserstein" else config.objective] if config.objective != "non-saturating" else []
    found += [PENALTIES[config.penalty]] if config.penalty in PENALTIES else []
    found += ["tiles"] if config.tiles else []
    found += ["cut-outs"] if config.crop_to_boxes else []
    return [*found, AUGMENTATIONS[config.augmentation]] if config.augmentation in AUGMENTATIONS else found


def size(config: TrainConfig) -> str:
    return f"{config.width} × {config.height}"


def learning_rate(config: TrainConfig) -> str:
    first, second = plain(config.generator_learning_rate), plain(config.discriminator_learning_rate)
    return f"{first} both" if first == second else f"{first} and {second}"


def plain(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def facts(config: TrainConfig) -> list[tuple[str, str]]:
    """The settings that tell most, for the run's page."""
    tame = [f"clipped at {plain(config.clip_value)}" if one == PENALTIES["clip"] else one for one in steadiers(config)]
    classes = [("Classes", METHODS[config.class_method])] if config.conditional else []
    return [
        ("Architecture", f"{architecture(config)}, {config.generator_width} and {config.discriminator_width} wide"),
        *classes,
        ("Objective", ", ".join([config.objective, *tame])),
        ("Pictures", summary("pictures", config, 0)),
        ("Length", summary("length", config, 0)),
        ("Batch", words.number(config.batch_size) + (f" in {config.accumulate} parts" if config.accumulate > 1 else "")),
        ("Optimiser", "RMSprop" if config.optimizer == "rmsprop" else f"Adam, beta 1 {plain(config.beta1)}"),
        ("Learning rate", learning_rate(config) + ("" if config.schedule == "constant" else f", {config.schedule} schedule")),
        ("Latent", f"{config.latent_size}, {config.latent_distribution}"),
        ("EMA", plain(config.ema) if config.ema else "off"),
        ("Tricks", summary("tricks", config, 0)),
        ("Seed", str(config.seed)),
    ]
