"""Doubling and halving of maps with the filter [1, 3, 3, 1], for architectures that would show aliasing otherwise.

The filter is [1, 1] * [1, 2, 1]: nearest neighbours (or averages of two) and a small blur. Written so, every part is quick on processors in
fp32 and in bf16, has a second derivative, and meets odd sizes; one strided depthwise convolution is slower, by far so in bf16.
"""

import torch
from torch import Tensor, nn

from gan_core.convolution import conv2d
from gan_core.layers import Size, enlarge, shrink


class Blur(nn.Module):
    """(N, C, H, W) to the same, blurred by [1, 2, 1] / 4 along the axes on which the two sizes differ."""

    kernel: Tensor

    def __init__(self, large: Size, small: Size) -> None:
        super().__init__()
        rows, columns = (torch.ones(1) if whole == half else torch.tensor([0.25, 0.5, 0.25]) for whole, half in zip(large, small, strict=True))
        self.register_buffer("kernel", torch.outer(rows, columns)[None, None], persistent=False)  # (1, 1, 3 or 1, 3 or 1)
        self.padding = (len(rows) // 2, len(columns) // 2)

    def forward(self, maps: Tensor) -> Tensor:
        channels = maps.shape[1]
        return conv2d(maps, self.kernel.expand(channels, -1, -1, -1), padding=self.padding, groups=channels)


class Enlarge(nn.Module):
    """(N, C, *small) to (N, C, *large), two neighbours of the `stage_sizes`."""

    def __init__(self, large: Size, small: Size) -> None:
        super().__init__()
        self.size = large
        self.blur = Blur(large, small)

    def forward(self, maps: Tensor) -> Tensor:
        blurred: Tensor = self.blur(enlarge(maps, self.size))
        return blurred


class Shrink(nn.Module):
    """(N, C, *large) to (N, C, *small), two neighbours of the `stage_sizes`."""

    def __init__(self, large: Size, small: Size) -> None:
        super().__init__()
        self.size = small
        self.blur = Blur(large, small)

    def forward(self, maps: Tensor) -> Tensor:
        return shrink(self.blur(maps), self.size)
