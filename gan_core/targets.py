"""The label tricks: what the discriminator is told about each picture of one step."""

import torch
from torch import Tensor

from gan_core import parallel
from gan_core.config import TrainConfig
from gan_core.objectives import Targets


def draw(config: TrainConfig, shape: torch.Size, device: torch.device) -> Targets:
    """Labels for logits of that shape of real and of generated pictures, from the global random state.

    Each is drawn evenly from its range. Inverting exchanges the two ranges, and what the generator wants with them; swapping gives a logit,
    with probability `flip_labels`, a label of the other kind.
    """
    real = (config.real_label_low, config.real_label_high)
    fake = (config.fake_label_low, config.fake_label_high)
    wanted = 0.0 if config.invert_labels else 1.0
    if config.invert_labels:
        real, fake = fake, real
    if not config.flip_labels:
        return Targets(_between(real, shape, device), _between(fake, shape, device), wanted)
    return Targets(_mostly(real, fake, config.flip_labels, shape, device), _mostly(fake, real, config.flip_labels, shape, device), wanted)


def _between(bounds: tuple[float, float], shape: torch.Size, device: torch.device) -> Tensor:
    low, high = bounds
    return parallel.mine(torch.empty(_whole(shape), device=device).uniform_(low, high)) if low < high else torch.full(shape, low, device=device)


def _mostly(usual: tuple[float, float], other: tuple[float, float], share: float, shape: torch.Size, device: torch.device) -> Tensor:
    swapped = parallel.mine(torch.rand(_whole(shape), device=device)) < share
    return torch.where(swapped, _between(other, shape, device), _between(usual, shape, device))


def _whole(shape: torch.Size) -> tuple[int, ...]:
    return (parallel.whole(shape[0]), *shape[1:])
