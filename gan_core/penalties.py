"""What keeps the discriminator tame besides its objective."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def clip_weights(discriminator: nn.Module, limit: float, *, kernels_only: bool) -> None:
    """Clamp every parameter to -limit..limit (Arjovsky et al. 2017, algorithm 1).

    Args:
        kernels_only: clamp the kernels of convolutions and nothing else; in a network without convolutions, of dense layers.
    """
    parameters: list[Tensor] = list(discriminator.parameters())
    if kernels_only:
        convolutions = [module.weight for module in discriminator.modules() if isinstance(module, nn.Conv2d)]
        parameters = convolutions or [module.weight for module in discriminator.modules() if isinstance(module, nn.Linear)]
    for parameter in parameters:
        parameter.clamp_(-limit, limit)
