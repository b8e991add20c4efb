"""The three products of a convolution as matrix products, for maps so small that oneDNN leaves most of a processor idle.

Maps lie in channels_last order. Copied out window by window they are the rows of a matrix (Chellapilla et al. 2006); the kernel is the other
factor, and every sum is taken in fp32 within the product.
"""

from itertools import product
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

Shift = tuple[int, ...]
"""(down, right)"""


class Geometry(NamedTuple):
    """How a convolution moves."""

    stride: Shift
    padding: Shift
    groups: int


def convolve(maps: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
    """maps (N, C, H, W), weight (O, C, kh, kw), bias (O,) -> (N, O, h, w)."""
    kernel = weight.shape[2:]
    size = tuple((side + 2 * p - k) // s + 1 for side, p, k, s in zip(maps.shape[2:], how.padding, kernel, how.stride, strict=True))
    rows = _windows(maps, kernel, how.stride, how.padding, size)
    matrix = weight.permute(2, 3, 1, 0).reshape(-1, len(weight))  # (kh * kw * C, O)
    convolved = _empty(rows, len(maps), len(weight), size)
    pixels = convolved.permute(0, 2, 3, 1).view(-1, len(weight))
    if bias is None:
        torch.mm(rows, matrix, out=pixels)
    else:
        torch.addmm(bias, rows, matrix, out=pixels)
    return convolved


def for_weight(maps: Tensor, gradient: Tensor, kernel: Shift, how: Geometry) -> Tensor:
    """maps (N, C, H, W), gradient (N, O, h, w) -> gradient for the weight (O, C, *kernel)."""
    rows = _windows(maps, kernel, how.stride, how.padding, gradient.shape[2:])
    flat = gradient.permute(0, 2, 3, 1).reshape(-1, gradient.shape[1])  # (N * h * w, O)
    return (flat.T @ rows).view(-1, *kernel, maps.shape[1]).permute(0, 3, 1, 2)


def for_maps(weight: Tensor, gradient: Tensor, size: Shift, how: Geometry) -> Tensor:
    """weight (O, C, kh, kw), gradient (N, O, h, w) -> gradient for the maps (N, C, *size), which is the transposed convolution.

    Pixels of the same place modulo the stride meet the same rows and columns of the kernel, turned round; there is a product for each place.
    """
    whole = _empty(gradient, len(gradient), weight.shape[1], size).zero_()
    maps = whole.permute(0, 2, 3, 1)
    rows, columns = ([_Phase.of(axis, place, weight, size, how) for place in range(how.stride[axis])] for axis in (0, 1))
    for row, column in product(rows, columns):
        kernel = weight[:, :, row.taps, column.taps].flip(2, 3)  # (O, C, qh, qw)
        places = (row.places, column.places)
        if kernel.numel() and all(places):
            windows = _windows(gradient, kernel.shape[2:], (1, 1), (row.before, column.before), places)
            pixels = windows @ kernel.permute(2, 3, 0, 1).reshape(windows.shape[1], -1)  # (N * prod(places), C)
            maps[:, row.pixels, column.pixels] = pixels.view(len(maps), *places, -1)
    return whole


def _empty(like: Tensor, count: int, channels: int, size: Shift) -> Tensor:
    """(count, channels, *size) in channels_last order. A tensor of its own rather than a view, for what an autograd function returns may be
    changed in place, as activations do it, only if it is one."""
    return torch.empty(count, channels, *size, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


class _Phase(NamedTuple):
    """Along one axis: the pixels of one place modulo the stride."""

    pixels: slice
    places: int
    """How many pixels these are."""
    taps: slice
    """Of the kernel."""
    before: int
    """Zeros in front of the gradient."""

    @classmethod
    def of(cls, axis: int, place: int, weight: Tensor, size: Shift, how: Geometry) -> "_Phase":
        stride, padding = how.stride[axis], how.padding[axis]
        first = (place - padding) % stride
        taps = len(range(place, weight.shape[2 + axis], stride))
        before = taps - 1 - (first + padding) // stride
        return cls(slice(first, None, stride), len(range(first, size[axis], stride)), slice(place, None, stride), before)


def _windows(maps: Tensor, kernel: Shift, stride: Shift, padding: Shift, places: Shift) -> Tensor:
    """(N, C, H, W) to (N * prod(places), kh * kw * C): what the kernel sees at each of so many places, zeros around the maps."""
    count, channels, *sides = maps.shape
    whole = [(place - 1) * s + k for place, s, k in zip(places, stride, kernel, strict=True)]
    after = [all_ - side - p for all_, side, p in zip(whole, sides, padding, strict=True)]
    padded = pad(maps.permute(0, 2, 3, 1), (0, 0, padding[1], after[1], padding[0], after[0])).contiguous()  # (N, *whole, C)
    row, column = whole[1] * channels, channels
    shape = (count, *places, kernel[0], kernel[1] * channels)
    strides = (whole[0] * row, stride[0] * row, stride[1] * column, row, 1)
    return padded.as_strided(shape, strides).reshape(count * prod(places), -1)
