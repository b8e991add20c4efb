"""Floating-point operations of a training step, counted while it runs: those of convolutions and matrix products, two for each product of numbers.

PyTorch's own counter neither knows the groups of a convolution's gradients nor bears a penalty on the slope.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.players import Players

aten = torch.ops.aten
COUNTED = 4
"""Pictures of the batch that is counted."""


def _product(left: Tensor, right: Tensor) -> int:
    return 2 * left.numel() * right.shape[-1]


def _convolution(maps: Tensor, weight: Tensor, transposed: bool, result: Tensor) -> int:
    """Every place of the maps that the kernels step over meets all weights of a channel."""
    return 2 * (maps if transposed else result).numel() * weight[0].numel()


def _forward(result: Any, maps: Tensor, weight: Tensor, *rest: Any) -> int:
    return _convolution(maps, weight, rest[4], result)


def _backward(result: Any, gradient: Tensor, maps: Tensor, weight: Tensor, *rest: Any) -> int:
    """Once for each gradient, of maps and of weight; a bias costs next to nothing."""
    return sum(rest[-1][:2]) * _convolution(maps, weight, rest[4], gradient)


COSTS: dict[Any, Callable[..., int]] = {
    aten.mm: lambda result, left, right: _product(left, right),
    aten.bmm: lambda result, left, right: _product(left, right),
    aten.addmm: lambda result, added, left, right: _product(left, right),
    aten.baddbmm: lambda result, added, left, right: _product(left, right),
    aten.convolution: _forward,
    aten.convolution_backward: _backward,
}


class Counter(TorchDispatchMode):
    """While it is entered, `operations` grows."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if cost := COSTS.get(func.overloadpacket):
            self.operations += cost(result, *args)
        return result


def an_image(config: TrainConfig, channels: int) -> float:
    """Operations for each real picture in gan_core's step, on average over the interval of a lazy penalty."""
    plain = config.model_copy(update={"batch_size": COUNTED, "precision": "fp32"})
    images = ImageStore(np.zeros((COUNTED, config.height, config.width, channels), np.uint8), None, ())  # type: ignore[arg-type]  # in memory
    device = torch.device("cpu")
    players, batches = Players(plain, channels, 0, COUNTED, device), Batches(plain, images, device)
    counts = []
    for number in (1, 2):  # with the penalty, and without it if it is lazy
        with Counter() as counter:
            players.step(number, batches)
        counts.append(counter.operations)
    first, other = counts
    return (first + (config.penalty_interval - 1) * other) / config.penalty_interval / COUNTED
