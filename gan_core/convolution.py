"""Convolutions that may be differentiated twice at a fair price, for discriminators under a penalty on their slope.

torch derives a convolution's gradient as convolutions whose kernels are as large as the maps, one for each group. But convolution, its gradient
for the input and its gradient for the weight are the three derivatives of one form that is linear in maps, weight and gradient; so the
derivatives of each are the other two, for which there are fast kernels.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import Function

Shift = tuple[int, ...]
"""(down, right)"""


class Geometry(NamedTuple):
    """How a convolution moves."""

    stride: Shift
    padding: Shift
    groups: int


def _gradients(gradient: Tensor, maps: Tensor, weight: Tensor, how: Geometry, wanted: Sequence[bool]) -> list[Tensor]:
    """torch's own gradients for maps, weight and bias, those that are wanted."""
    given = torch.ops.aten.convolution_backward(
        gradient, maps, weight, [len(weight)], how.stride, how.padding, (1, 1), False, (0, 0), how.groups, wanted
    )
    return list(given)


class _Convolve(Function):
    """maps, weight, bias -> maps.

    A gradient with `create_graph` is one for the maps alone. autograd does not tell what it was asked for, and the slope of a discriminator
    needs no weight's gradient, whose price would be a third of the penalty's.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
        ctx.save_for_backward(maps, weight)
        ctx.how = how
        return torch.conv2d(maps, weight, bias, how.stride, how.padding, 1, how.groups)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (gradient,) = gradients
        maps, weight = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _ForMaps.apply(weight, gradient, maps, ctx.how), None, None, None
        return *_gradients(gradient, maps, weight, ctx.how, ctx.needs_input_grad[:3]), None


class _ForMaps(Function):
    """weight, gradient -> gradient for the maps. Of `maps` it takes the shape alone."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, gradient: Tensor, maps: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(weight, gradient)
        ctx.how = how
        return _gradients(gradient, maps, weight, how, [True, False, False])[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (maps,) = gradients
        weight, gradient = ctx.saved_tensors
        for_weight, for_gradient = ctx.needs_input_grad[:2]
        return (
            _ForWeight.apply(maps, gradient, weight, ctx.how) if for_weight else None,
            _Convolve.apply(maps, weight, None, ctx.how) if for_gradient else None,
            None,
            None,
        )


class _ForWeight(Function):
    """maps, gradient -> gradient for the weight. Of `weight` it takes the shape alone."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, gradient: Tensor, weight: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(maps, gradient)
        ctx.how = how
        return _gradients(gradient, maps, weight, how, [False, True, False])[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (weight,) = gradients
        maps, gradient = ctx.saved_tensors
        for_maps, for_gradient = ctx.needs_input_grad[:2]
        return (
            _ForMaps.apply(weight, gradient, maps, ctx.how) if for_maps else None,
            _Convolve.apply(maps, weight, None, ctx.how) if for_gradient else None,
            None,
            None,
        )


def conv2d(maps: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: Shift = (1, 1), padding: Shift = (0, 0), groups: int = 1) -> Tensor:
    """As `torch.conv2d`, autocast included."""
    kind = maps.device.type
    if torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
        maps, weight, bias = maps.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    convolved: Tensor = _Convolve.apply(maps, weight, bias, Geometry(stride, padding, groups))
    return convolved


class Conv2d(nn.Conv2d):
    """As `torch.nn.Conv2d`, without dilation and with zeros around."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        assert isinstance(self.padding, tuple) and self.dilation == (1, 1) and self.padding_mode == "zeros"
        return conv2d(input, weight, bias, stride=self.stride, padding=self.padding, groups=self.groups)
