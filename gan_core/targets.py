"""The label tricks: what the discriminator is told about each picture of one step."""

import torch
from torch import Tensor

from gan_core.config import TrainConfig
from gan_core.objectives import Targets


def draw(config: TrainConfig, count: int, device: torch.device) -> Targets:
    """Labels of `count` real and `count` generated pictures, from the global random state.

    Each is drawn evenly from its range. Inverting exchanges the two ranges, and what the generator wants with them; swapping gives a picture,
    with probability `flip_labels`, a label of the other kind.
    """
    real = (config.real_label_low, config.real_label_high)
    fake = (config.fake_label_low, config.fake_label_high)
    wanted = 0.0 if config.invert_labels else 1.0
    if config.invert_labels:
        real, fake = fake, real
    if not config.flip_labels:
        return Targets(_between(real, count, device), _between(fake, count, device), wanted)
    return Targets(_mostly(real, fake, config.flip_labels, count, device), _mostly(fake, real, config.flip_labels, count, device), wanted)


def _between(bounds: tuple[float, float], count: int, device: torch.device) -> Tensor:
    low, high = bounds
    return torch.empty(count, device=device).uniform_(low, high) if low < high else torch.full((count,), low, device=device)


def _mostly(usual: tuple[float, float], other: tuple[float, float], share: float, count: int, device: torch.device) -> Tensor:
    swapped = torch.rand(count, device=device) < share
    return torch.where(swapped, _between(other, count, device), _between(usual, count, device))
