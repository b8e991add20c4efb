"""The running mean of the generator, from which samples are drawn and which is what one downloads."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

CALIBRATION_IMAGES = 256
"""Images over which the normalisation's statistics are taken."""


class RunningMean:
    """An exponential moving average of a network's parameters.

    The statistics of batch normalisation are not averaged: `calibrate` measures those that the averaged weights really produce. Averaged or
    copied ones belong to other weights, which shows as grey or glaring pictures in the first thousand steps. Other buffers are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay
        self._mean: list[Tensor] = list(self.network.parameters())
        self._source: list[Tensor] = list(network.parameters())
        self._buffers = list(zip(_copied_buffers(self.network), _copied_buffers(network), strict=True))

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the network's present weights. Over the first steps the decay grows from 0.1, so that the noise of the start is forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._mean, self._source, 1 - decay)
        for copied, source in self._buffers:
            copied.copy_(source)


def _copied_buffers(network: nn.Module) -> list[Tensor]:
    return [buffer for module in network.modules() if not isinstance(module, _BatchNorm) for buffer in module.buffers(recurse=False)]


@torch.no_grad()
def calibrate(network: nn.Module, batch_size: int, generate: Callable[[nn.Module, int], Tensor]) -> None:
    """Set every batch normalisation's running statistics to the mean over a few batches; a network without any is left as it is.

    Args:
        batch_size: images a batch; that of training, whose statistics these are to match.
        generate: draws and discards that many images from the network. It must draw the same latents each time.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    for _ in range(min(max(CALIBRATION_IMAGES // batch_size, 1), 8)):
        generate(network, batch_size)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
