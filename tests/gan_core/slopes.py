"""A discriminator's slope, differentiated once more by autograd and by finite differences."""

import torch
from torch import Tensor, nn


def slope_error(discriminator: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Relative error of the derivative of the squared slope at `images` along a random direction of all weights. Wants float64."""
    parameters = list(discriminator.parameters())

    def squared_slope(graph: bool) -> Tensor:
        inputs = images.detach().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(inputs, labels).logits.sum(), inputs, create_graph=graph)
        return slope.square().sum()

    gradients = torch.autograd.grad(squared_slope(graph=True), parameters, allow_unused=True)
    directions = [torch.randn_like(parameter) for parameter in parameters]
    derived = sum(float((gradient * direction).sum()) for gradient, direction in zip(gradients, directions, strict=True) if gradient is not None)

    def moved(distance: float) -> float:
        with torch.no_grad():
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter += distance * direction
        return squared_slope(graph=False).item()

    step = 1e-8  # small, lest an activation changes its side on the way
    measured = (moved(step) - moved(-2 * step)) / (2 * step)
    return abs(derived - measured) / abs(measured)
