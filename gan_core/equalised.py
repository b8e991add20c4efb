"""Layers with equalised learning rate (Karras et al. 2018, "Progressive growing of GANs", section 4.1).

Weights are N(0, 1) and scaled when used, so that all of them learn equally fast whatever the size of their layer. A `gain` other than 1 belongs
to the activation that follows; scaling weights and biases by it comes to the same as scaling the activation and is cheaper.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from gan_core.convolution import conv2d


class Dense(nn.Module):
    """A dense layer, (N, features_in) to (N, features_out).

    Args:
        rate: its learning rate in multiples of the others'.
        start: the bias at first.
    """

    def __init__(self, features_in: int, features_out: int, *, gain: float = 1.0, rate: float = 1.0, start: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features_out, features_in) / rate)
        self.bias = nn.Parameter(torch.full((features_out,), start / rate))
        self.scale = gain * rate / math.sqrt(features_in)
        self.bias_scale = gain * rate

    def forward(self, features: Tensor) -> Tensor:
        return linear(features, self.weight * self.scale, self.bias * self.bias_scale)


class Convolution(nn.Module):
    """A convolution that keeps the size, (N, channels_in, H, W) to (N, channels_out, H, W)."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, *, gain: float = 1.0, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None
        self.scale = gain / math.sqrt(channels_in * kernel**2)
        self.gain = gain
        self.padding = (kernel // 2, kernel // 2)

    def forward(self, maps: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias * self.gain
        return conv2d(maps, self.weight * self.scale, bias, padding=self.padding)
