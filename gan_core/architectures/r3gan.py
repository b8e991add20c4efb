"""R3GAN.

Residual blocks without any normalisation: small, calm and modern. Made for the relativistic objective with the R1-R2 penalty. Any width and
height up to 512.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d
from gan_core.layers import Judgement, LatentInput, Verdict, stage_sizes, stage_widths
from gan_core.resample import Enlarge, Shrink

# Huang et al. 2024, "The GAN is dead; long live the GAN! A modern baseline GAN", section 4, configuration E. Deliberate differences: widths
# double from the picture downwards, where the paper's follow a table; class and verdict are those of all architectures here.
MAX_SIZE = 512
SETTINGS = ()
BLOCKS = 2
"""Residual blocks of each stage."""
EXPANSION = 2
"""Channels within a block, in multiples of those outside."""
GROUP = 16
"""Channels that a 3 x 3 convolution sees together, at most."""
SLOPE = 0.2


class Residual(nn.Module):
    """maps + 1x1(grouped 3x3(1x1(maps))): an inverted bottleneck, (N, C, H, W) to the same.

    Fix-up initialisation (Zhang et al. 2019) takes the place of normalisation: the last convolution starts at zero, so that every block starts
    as the identity, and the others are scaled by L^(-1 / (2m - 2)), with L blocks in the network and m = 3 convolutions in a block.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        inner = EXPANSION * channels
        group = max(size for size in range(1, GROUP + 1) if inner % size == 0)
        self.widen = Conv2d(channels, inner, 1)
        self.mix = Conv2d(inner, inner, 3, padding=1, groups=inner // group)
        self.narrow = Conv2d(inner, channels, 1, bias=False)  # biases stand before activations only
        for convolve in (self.widen, self.mix):
            nn.init.kaiming_normal_(convolve.weight, a=SLOPE)
            nn.init.zeros_(convolve.bias)  # type: ignore[arg-type]
            with torch.no_grad():
                convolve.weight *= blocks**-0.25
        nn.init.zeros_(self.narrow.weight)

    def forward(self, maps: Tensor) -> Tensor:
        hidden = leaky_relu(self.widen(maps), SLOPE, inplace=True)  # in place: nobody needs what a convolution gave
        hidden = leaky_relu(self.mix(hidden), SLOPE, inplace=True)
        narrowed: Tensor = self.narrow(hidden)
        return narrowed + maps


def linear(channels_in: int, channels_out: int) -> nn.Module:
    """A 1x1 convolution that keeps the variance, or nothing where the channels stay."""
    if channels_in == channels_out:
        return nn.Identity()
    convolve = Conv2d(channels_in, channels_out, 1, bias=False)
    nn.init.kaiming_normal_(convolve.weight, nonlinearity="linear")
    return convolve


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, to pictures (N, C, H, W) in -1..1.

    While it trains, nothing bounds the pictures, as in the paper: where a tanh saturates the slope is lost, and this network has no normalisation
    to bring it back. With one it learnt far more slowly.
    """

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)[::-1]
        widths = stage_widths(config.generator_width, len(sizes))[::-1]
        blocks = BLOCKS * len(sizes)
        self.latent = LatentInput(config.latent_size, classes)
        self.project = nn.Linear(self.latent.features, widths[0], bias=False)
        nn.init.kaiming_normal_(self.project.weight, nonlinearity="linear")
        self.basis = nn.Parameter(torch.randn(widths[0], *sizes[0]))
        stages: list[nn.Module] = [Residual(widths[0], blocks) for _ in range(BLOCKS)]
        for (small, large), (before, after) in zip(pairwise(sizes), pairwise(widths), strict=True):
            stages += [linear(before, after), Enlarge(large, small), *(Residual(after, blocks) for _ in range(BLOCKS))]
        self.stages = nn.Sequential(*stages, Conv2d(widths[-1], channels, 1, bias=False))
        nn.init.kaiming_normal_(self.stages[-1].weight, nonlinearity="linear")  # type: ignore[arg-type]

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        strengths = self.project(self.latent(latents, labels))  # (N, C): how much of each map of the basis
        images: Tensor = self.stages(self.basis * strengths[:, :, None, None])  # (N, channels, H, W)
        return images if self.training else images.clamp(-1, 1)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each: the generator's mirror image."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = stage_widths(config.discriminator_width, len(sizes))
        blocks = BLOCKS * len(sizes)
        stages: list[nn.Module] = [Conv2d(channels, widths[0], 1, bias=False)]
        nn.init.kaiming_normal_(stages[0].weight, nonlinearity="linear")  # type: ignore[arg-type]
        for (large, small), (before, after) in zip(pairwise(sizes), pairwise(widths), strict=True):
            stages += [*(Residual(before, blocks) for _ in range(BLOCKS)), Shrink(large, small), linear(before, after)]
        self.stages = nn.Sequential(*stages, *(Residual(widths[-1], blocks) for _ in range(BLOCKS)))
        height, width = sizes[-1]
        self.basis = nn.Parameter(torch.randn(widths[-1], height, width) / (height * width) ** 0.5)
        self.verdict = Verdict(config, widths[-1], classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        features = (self.stages(images) * self.basis).sum(dim=(2, 3))  # (N, C): a depthwise convolution as large as the maps
        return self.verdict(features, labels)
