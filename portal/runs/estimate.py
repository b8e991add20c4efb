"""How long a run would take: told only where this installation has measured a run of the same networks before."""

from typing import Any

from gan_core.config import TrainConfig
from portal.runs.models import Run

SAME = (
    *("architecture", "width", "height", "channels", "conditional", "precision", "kernel_size", "dense_head"),
    *("latent_size", "generator_width", "discriminator_width", "discriminator_steps"),
)
"""Settings that decide how many pictures a second the networks take."""

Measured = dict[tuple[Any, ...], float]


def key(config: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(config.get(name) for name in SAME)


def measured() -> Measured:
    """Images a second of the newest runs, by the settings that decide it."""
    recent = Run.objects.exclude(images_per_second=None).filter(step__gte=50).order_by("updated")
    newest = recent.values_list("config", "images_per_second")[max(0, recent.count() - 300) :]
    return {key(config): speed for config, speed in newest if speed}


def seconds(config: TrainConfig, image_count: int, speeds: Measured) -> float | None:
    """Training time in seconds; None where nothing like it was measured."""
    speed = speeds.get(key(config.model_dump(mode="json")))
    if not speed or not image_count:
        return None
    return config.total_steps(image_count) * config.batch_size * config.discriminator_steps / speed
