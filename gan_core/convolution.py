"""Convolutions that may be differentiated twice at a fair price, for discriminators under a penalty on their slope, and are quick on small maps.

torch derives a convolution's gradient as convolutions whose kernels are as large as the maps, one for each group. But convolution, its gradient
for the input and its gradient for the weight are the three derivatives of one form that is linear in maps, weight and gradient; so the
derivatives of each are the other two. Each of the three is computed in the way that `probe.py` finds faster, and a transposed convolution is
the second of them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from gan_core import gemm
from gan_core.gemm import Geometry, Shift
from gan_core.probe import faster, may_gain


def _convolved(maps: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
    return faster(
        "convolved",
        maps.shape,
        weight.shape,
        how,
        maps,
        lambda: torch.conv2d(maps, weight, bias, how.stride, how.padding, 1, how.groups),
        lambda: gemm.convolve(maps, weight, bias, how),
    )


def _for_maps(weight: Tensor, gradient: Tensor, size: Shift, how: Geometry) -> Tensor:
    """Maps of (height, width) `size`."""
    channels = weight.shape[1] * how.groups
    spare = [
        side - ((place - 1) * stride - 2 * padding + kernel)
        for side, place, stride, padding, kernel in zip(size, gradient.shape[2:], how.stride, how.padding, weight.shape[2:], strict=True)
    ]
    return faster(
        "maps",
        (len(gradient), channels, *size),
        weight.shape,
        how,
        gradient,
        lambda: torch.conv_transpose2d(gradient, weight, None, how.stride, how.padding, spare, how.groups),
        lambda: gemm.for_maps(weight, gradient, size, how),
    )


def _for_weight(maps: Tensor, gradient: Tensor, weight: Tensor, how: Geometry, *, bias: bool = False) -> tuple[Tensor, Tensor | None]:
    """For the weight and, if wanted, the bias. Of `weight` it takes the shape alone."""

    def by_onednn() -> tuple[Tensor, Tensor | None]:
        wanted = [False, True, bias]
        _, mine, others = torch.ops.aten.convolution_backward(
            gradient, maps, weight, [len(weight)], how.stride, how.padding, (1, 1), False, (0, 0), how.groups, wanted
        )
        return mine, others

    def by_gemm() -> tuple[Tensor, Tensor | None]:
        return gemm.for_weight(maps, gradient, weight.shape[2:], how), gradient.sum(dim=(0, 2, 3)) if bias else None

    return faster("weight", maps.shape, weight.shape, how, maps, by_onednn, by_gemm)


class _Convolve(Function):
    """maps, weight, bias -> maps.

    A gradient with `create_graph` is one for the maps alone. autograd does not tell what it was asked for, and the slope of a discriminator
    needs no weight's gradient, whose price would be a third of the penalty's.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
        ctx.save_for_backward(maps, weight)
        ctx.how = how
        return _convolved(maps, weight, bias, how)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (gradient,) = gradients
        maps, weight = ctx.saved_tensors
        size = tuple(maps.shape[2:])
        if torch.is_grad_enabled():
            return _ForMaps.apply(weight, gradient, size, ctx.how), None, None, None
        for_maps, for_weight, for_bias, _ = ctx.needs_input_grad
        mine = _for_maps(weight, gradient, size, ctx.how) if for_maps else None
        others = _for_weight(maps, gradient, weight, ctx.how, bias=for_bias) if for_weight or for_bias else (None, None)
        return mine, *others, None


class _ForMaps(Function):
    """weight, gradient -> gradient for the maps of (height, width) `size`."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, gradient: Tensor, size: Shift, how: Geometry) -> Tensor:
        ctx.save_for_backward(weight, gradient)
        ctx.how = how
        return _for_maps(weight, gradient, size, how)

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
        return _for_weight(maps, gradient, weight, how)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (weight,) = gradients
        maps, gradient = ctx.saved_tensors
        for_maps, for_gradient = ctx.needs_input_grad[:2]
        return (
            _ForMaps.apply(weight, gradient, tuple(maps.shape[2:]), ctx.how) if for_maps else None,
            _Convolve.apply(maps, weight, None, ctx.how) if for_gradient else None,
            None,
            None,
        )


def _format(tensor: Tensor) -> torch.dtype:
    """The number format in which autocast has a product with the tensor computed."""
    kind = tensor.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype


def conv2d(maps: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: Shift = (1, 1), padding: Shift = (0, 0), groups: int = 1) -> Tensor:
    """As `torch.conv2d`, autocast included."""
    dtype = _format(maps)
    maps, weight, bias = maps.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    convolved: Tensor = _Convolve.apply(maps, weight, bias, Geometry(stride, padding, groups))
    return convolved


class Conv2d(nn.Conv2d):
    """As `torch.nn.Conv2d`, without dilation and with zeros around."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        assert isinstance(self.padding, tuple) and self.dilation == (1, 1) and self.padding_mode == "zeros"
        if input.device.type == "cpu" and input.shape[2:] == weight.shape[2:] and self.padding == (0, 0) and self.groups == 1:
            return _whole(input, weight, bias)
        if self.groups == 1 and not _may_gain(input, input.shape, weight, Geometry(self.stride, self.padding, 1)):
            plain: Tensor = super()._conv_forward(input, weight, bias)
            return plain
        return conv2d(input, weight, bias, stride=self.stride, padding=self.padding, groups=self.groups)


class ConvTranspose2d(nn.ConvTranspose2d):
    """As `torch.nn.ConvTranspose2d`, without groups and dilation."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        assert output_size is None and isinstance(self.padding, tuple) and self.dilation == (1, 1) and self.groups == 1
        how = Geometry(self.stride, self.padding, 1)
        sides = zip(input.shape[2:], self.stride, self.padding, self.kernel_size, self.output_padding, strict=True)
        size = tuple((side - 1) * stride - 2 * padding + kernel + spare for side, stride, padding, kernel, spare in sides)
        if not _may_gain(input, (input.shape[0], self.out_channels, *size), self.weight, how):
            plain: Tensor = super().forward(input)
            return plain
        dtype = _format(input)
        convolved: Tensor = _ForMaps.apply(self.weight.to(dtype), input.to(dtype), size, how)
        return convolved if self.bias is None else convolved + self.bias.to(dtype)[:, None, None]


def _may_gain(given: Tensor, maps: Shift, weight: Tensor, how: Geometry) -> bool:
    """Whether the product of a layer with what it is given is one that might be quicker otherwise than torch has it."""
    return given.device.type == "cpu" and _format(given) == torch.bfloat16 and may_gain(tuple(maps), tuple(weight.shape), how)


def _whole(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution by a kernel as large as the maps, (N, C, H, W) to (N, O, 1, 1), as the dense layer that it is."""
    features, matrix = (tensor.permute(0, 2, 3, 1).flatten(1) for tensor in (maps, weight))
    convolved: Tensor = nn.functional.linear(features, matrix, bias)[:, :, None, None]
    return convolved
