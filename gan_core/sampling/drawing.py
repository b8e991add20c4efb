"""Generators at work: pictures in portions that fit into memory, truncation, and the statistics of normalisation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_core import seeds
from gan_core.config import TrainConfig
from gan_core.ema import calibrate
from gan_core.sampling.inputs import Inputs, draw_inputs, noise_size, seeded_latents

PIXELS_AT_ONCE = 64 * 128 * 128
"""Pictures are drawn in portions of at most this many pixels, so that any number of them fits into memory."""
STYLES = 2048
"""Latents over which a mean style is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Truncation:
    """Less variety for pictures that are more alike the usual: everything is drawn towards the mean (Karras et al. 2019, section B).

    Generators with a mapping network have their styles moved towards the mean style of the class, all others their latents towards zero.
    """

    strength: float
    """Share of the distance that remains: 0 draws the mean, 1 changes nothing."""
    means: Tensor | None
    """(classes or 1, S): the mean styles; None for a generator without a mapping network."""


def has_styles(network: nn.Module) -> bool:
    """Whether a generator has a mapping network: `style` and `draw`, which one after the other are all of it."""
    return hasattr(network, "style") and hasattr(network, "draw")


@torch.no_grad()
def mean_styles(network: nn.Module, config: TrainConfig, classes: int, device: torch.device) -> Tensor:
    """(classes or 1, S): the mean style of each class, over latents of a fixed seed."""
    latents = seeded_latents(config, STYLES, seed=0).to(device)
    labels: list[Tensor | None] = [torch.full((STYLES,), label, device=device) for label in range(classes)]
    return torch.stack([network.style(latents, each).mean(dim=0) for each in labels or [None]])  # type: ignore[operator]


@torch.no_grad()
def render(
    network: nn.Module, config: TrainConfig, inputs: Inputs, device: torch.device, truncation: Truncation | None = None
) -> npt.NDArray[np.uint8]:
    """Pictures (N, H, W, C) uint8 of the inputs."""
    network.eval()
    portion = max(1, PIXELS_AT_ONCE // (config.width * config.height))
    size = noise_size(network)
    parts = [inputs.part(at, at + portion, size, device) for at in range(0, len(inputs.latents), portion)]
    return np.concatenate([to_pixels(_draw(network, *part, truncation)) for part in parts])


def _draw(network: nn.Module, latents: Tensor, labels: Tensor | None, noise: Tensor | None, truncation: Truncation | None) -> Tensor:
    images: Tensor
    if truncation is not None and truncation.means is not None:
        styles: Tensor = network.style(latents, labels)  # type: ignore[operator]
        mean = truncation.means[0 if labels is None else labels]
        images = network.draw(torch.lerp(mean.expand_as(styles), styles, truncation.strength), noise)  # type: ignore[operator]
        return images
    if truncation is not None:
        latents = latents * truncation.strength
    images = network(latents, labels) if noise is None else network(latents, labels, noise)
    return images


def to_pixels(images: Tensor) -> npt.NDArray[np.uint8]:
    """(N, C, H, W) in -1..1 to (N, H, W, C) in 0..255."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def calibrate_generator(network: nn.Module, config: TrainConfig, classes: int, device: torch.device, parts: int = 1) -> None:
    """Give a generator the normalisation statistics of its own weights (see `gan_core.ema`). Leaves the global random state seeded anew."""
    torch.manual_seed(seeds.derive(config.seed, seeds.Purpose.CALIBRATION))

    def generate(network: nn.Module, count: int) -> Tensor:
        labels = torch.randint(classes, (count,), device=device) if config.conditional else None
        images: Tensor = network(*draw_inputs(network, config, labels, count, device))
        return images

    calibrate(network, -(-config.batch_size // parts), generate)
