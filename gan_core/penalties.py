"""What keeps the discriminator tame besides its objective.

The penalties on its slope take `judge`, a function from pictures (N, C, H, W) to logits (N,) or (N, K), and give a scalar that is to be
multiplied by a weight; they are differentiable by the discriminator's parameters. Logits of K places are averaged, so that a picture has one.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_core import parallel

Judge = Callable[[Tensor], Tensor]


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


def gradient_penalty(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """Mean of (slope - 1) squared between real and generated pictures, each pair at a random place (Gulrajani et al. 2017, equation 3)."""
    place = parallel.mine(torch.rand(parallel.whole(len(real)), 1, 1, 1, device=real.device, dtype=real.dtype))
    slopes = _gradients(judge, torch.lerp(real, fake, place)).flatten(1).norm(dim=1)
    penalty: Tensor = (slopes - 1).square().mean()
    return penalty


def slope_penalty(judge: Judge, images: Tensor) -> Tensor:
    """Half the mean squared slope at the pictures: R1 for real ones, R2 for generated ones (Mescheder et al. 2018, equation 9)."""
    return _gradients(judge, images).flatten(1).square().sum(dim=1).mean() / 2


def _gradients(judge: Judge, images: Tensor) -> Tensor:
    """(N, C, H, W): the gradient of each picture's logit by its own pixels."""
    images = images.detach().requires_grad_(True)
    logits = judge(images)
    (gradients,) = torch.autograd.grad(logits.flatten(1).mean(1).sum() if logits.dim() > 1 else logits.sum(), images, create_graph=True)
    return gradients


def usual_weight(penalty: str, pixels: int, batch_size: int) -> float:
    """The weight that a penalty on the slope has unless another is set.

    Args:
        pixels: width times height.

    gradient: 10 (Gulrajani et al. 2017). R1: 0.0002 * pixels / batch size (Karras et al. 2020, ADA, appendix C). R1-R2: 2 at 64 x 64 and about
    150 at 256 x 256, which are the published ones (Huang et al. 2024, appendix), their power law for other sizes, and 2 for smaller ones: the
    discriminator of the simple pictures that are so small wins at once under less.
    """
    if penalty == "gradient":
        return 10.0
    return 0.0002 * pixels / batch_size if penalty == "r1" else 2.0 * max(1.0, pixels / 64**2) ** 1.56
