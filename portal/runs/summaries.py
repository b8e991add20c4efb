"""A configuration in words: the line beside each closed group of the form, and the facts of a run's page."""

from gan_core.config import TrainConfig
from portal import words

COLOURS = {"#ffffff": "white", "#000000": "black", "#808080": "grey"}


def summary(group: str, config: TrainConfig, image_count: int) -> str:
    parts = {
        "pictures": _pictures,
        "length": lambda c: _length(c, image_count),
        "optimisation": _optimisation,
        "architecture": _architecture,
        "tricks": _tricks,
    }[group](config)
    return ", ".join(parts)


def _pictures(config: TrainConfig) -> list[str]:
    parts = [size(config), config.fit]
    parts.append("transparent" if config.channels == "rgba" else f"on {COLOURS.get(config.background, config.background)}")
    if config.channels in ("grey", "rgb"):
        parts.append("grey" if config.channels == "grey" else "colour")
    return [*parts, "mirrored"] if config.mirror else parts


def _length(config: TrainConfig, image_count: int) -> list[str]:
    total = words.counted(config.total_steps(image_count), "step") if image_count else ""
    if config.steps is not None:
        return [words.counted(config.steps, "step")]
    return [words.counted(config.epochs or 0, "epoch"), total] if total else [words.counted(config.epochs or 0, "epoch")]


def _optimisation(config: TrainConfig) -> list[str]:
    return [config.objective, f"batch {config.batch_size}", f"learning rate {learning_rate(config)}"]


def _architecture(config: TrainConfig) -> list[str]:
    name = config.architecture.upper()
    parts = [name, f"latent {config.latent_size}", f"{config.generator_width} and {config.discriminator_width} wide"]
    return [*parts, "learns the classes"] if config.conditional else parts


def _tricks(config: TrainConfig) -> list[str]:
    smoothed = (config.real_label_low, config.real_label_high, config.fake_label_low, config.fake_label_high) != (1, 1, 0, 0)
    labels = " and ".join(word for word, used in (("inverted", config.invert_labels), ("smoothed", smoothed)) if used)
    parts = [f"labels {labels}"] if labels else []
    if config.flip_labels:
        parts.append(f"{config.flip_labels * 100:g} % swapped")
    if config.dropout:
        parts.append(f"dropout {config.dropout:g}")
    return parts or ["none"]


def size(config: TrainConfig) -> str:
    return f"{config.width} × {config.height}"


def learning_rate(config: TrainConfig) -> str:
    first, second = plain(config.generator_learning_rate), plain(config.discriminator_learning_rate)
    return f"{first} both" if first == second else f"{first} and {second}"


def plain(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def facts(config: TrainConfig) -> list[tuple[str, str]]:
    """The settings that tell most, for the run's page."""
    return [
        ("Architecture", f"{config.architecture.upper()}, {config.generator_width} and {config.discriminator_width} wide"),
        ("Objective", config.objective + (f", clipped at {plain(config.clip_value)}" if config.penalty == "clip" else "")),
        ("Pictures", summary("pictures", config, 0)),
        ("Length", summary("length", config, 0)),
        ("Batch", words.number(config.batch_size)),
        ("Optimiser", "RMSprop" if config.optimizer == "rmsprop" else f"Adam, beta 1 {plain(config.beta1)}"),
        ("Learning rate", learning_rate(config)),
        ("Latent", f"{config.latent_size}, {config.latent_distribution}"),
        ("EMA", plain(config.ema) if config.ema else "off"),
        ("Tricks", summary("tricks", config, 0)),
        ("Seed", str(config.seed)),
    ]
