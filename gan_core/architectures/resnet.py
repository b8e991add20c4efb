"""Residual network.

Blocks with shortcuts, the networks of SNGAN and WGAN-GP. Steadier and sharper than DCGAN; a step takes about seven
times as long. Any width and height up to 512.
"""

import math

import torch
from torch import Tensor, nn

from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d
from gan_core.layers import Judgement, Size, Verdict, enlarge, shrink, stage_sizes, stage_widths, unflatten

# Miyato et al. 2018, appendix B.4 (tables 4 and 5); Gulrajani et al. 2017, appendix F; for classes Miyato & Koyama 2018. At 64 pixels and widths of
# 64 the maps of 4, 8, 16, 32 and 64 pixels have 1024, 512, 256, 128 and 64 channels. Spectral normalisation, if wanted, is put on from outside.
MAX_SIZE = 512
SETTINGS = ()
CLASS_SPREAD = 0.15
"""Standard deviation of the classes' scales and biases at first. With twice that a picture depends on its class as much as on its latent."""


def block_widths(width: int, sizes: list[Size]) -> list[int]:
    """Channels at each size from the picture downwards: doubling, up to 16 times the first and to 1024."""
    return stage_widths(width, len(sizes), limit=max(width, min(16 * width, 1024)))


def convolution(channels_in: int, channels_out: int, kernel: int, gain: float) -> Conv2d:
    """One that keeps the size, with Glorot's uniform weights (Glorot & Bengio 2010)."""
    convolve = Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)
    nn.init.xavier_uniform_(convolve.weight, gain)
    nn.init.zeros_(convolve.bias)  # type: ignore[arg-type]  # it has one
    return convolve


class Normalisation(nn.Module):
    """Batch normalisation; with classes its scale and bias are the class's own (Dumoulin et al. 2017), and near 1 and 0 at first.

    They differ a little from the start. Where they are equal, they have to find their differences themselves, each by the few pictures of its class,
    and the generator takes several times as long until it draws the class asked for.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=not classes)
        self.affine = nn.Embedding(classes, 2 * channels) if classes else None
        if self.affine is not None:
            nn.init.normal_(self.affine.weight, std=CLASS_SPREAD)
            with torch.no_grad():
                self.affine.weight[:, :channels] += 1

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        maps = self.norm(maps)  # (N, C, h, w)
        if self.affine is None:
            return maps
        scale, bias = self.affine(labels).to(maps.dtype)[:, :, None, None].chunk(2, dim=1)  # (N, C, 1, 1)
        return torch.addcmul(bias, maps, scale)


class UpBlock(nn.Module):
    """Maps (N, channels_in, h, w) to (N, channels_out, *size)."""

    def __init__(self, channels_in: int, channels_out: int, size: Size, classes: int) -> None:
        super().__init__()
        self.size = size
        self.norms = nn.ModuleList([Normalisation(channels_in, classes), Normalisation(channels_out, classes)])
        self.grow = convolution(channels_in, channels_out, 3, math.sqrt(2))
        self.refine = convolution(channels_out, channels_out, 3, math.sqrt(2))
        self.shortcut = convolution(channels_in, channels_out, 1, 1.0)

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        hidden: Tensor = self.grow(enlarge(torch.relu(self.norms[0](maps, labels)), self.size))
        hidden = self.refine(torch.relu(self.norms[1](hidden, labels)))
        # a 1x1 convolution commutes with the enlargement, and before it has a quarter of the work
        return hidden + enlarge(self.shortcut(maps), self.size)


class DownBlock(nn.Module):
    """Maps (N, channels_in, h, w) to (N, channels_out, *size). The first block of a network takes pictures, which no ReLU may touch."""

    def __init__(self, channels_in: int, channels_out: int, size: Size, *, first: bool = False) -> None:
        super().__init__()
        self.size = size
        self.first = first
        hidden = channels_out if first else channels_in
        self.refine = convolution(channels_in, hidden, 3, math.sqrt(2))
        self.grow = convolution(hidden, channels_out, 3, math.sqrt(2))
        self.shortcut = convolution(channels_in, channels_out, 1, 1.0)

    def forward(self, maps: Tensor) -> Tensor:
        hidden: Tensor = self.refine(maps if self.first else torch.relu(maps))
        shortcut: Tensor = self.shortcut(shrink(maps, self.size))
        return shrink(self.grow(torch.relu(hidden)), self.size) + shortcut


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, to pictures (N, C, H, W) in -1..1."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = block_widths(config.generator_width, sizes)
        self.base = (widths[-1], *sizes[-1])
        self.project = nn.Linear(config.latent_size, math.prod(self.base))
        nn.init.xavier_uniform_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        self.blocks = nn.ModuleList(UpBlock(widths[at + 1], widths[at], sizes[at], classes) for at in reversed(range(len(sizes) - 1)))
        self.norm = nn.BatchNorm2d(widths[0])
        self.paint = convolution(widths[0], channels, 3, 1.0)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        maps = unflatten(self.project(latents), *self.base)  # (N, C, h, w)
        for block in self.blocks:
            maps = block(maps, labels)
        return torch.tanh(self.paint(torch.relu(self.norm(maps))))  # (N, channels, H, W)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = block_widths(config.discriminator_width, sizes)
        blocks = [DownBlock(channels, widths[0], sizes[1], first=True)]
        blocks += [
            DownBlock(widths[at - 1], widths[at], sizes[min(at + 1, len(sizes) - 1)]) for at in range(1, len(sizes))
        ]  # the last keeps its size
        self.blocks = nn.Sequential(*blocks)
        # SNGAN adds up the places. Without spectral normalisation the logits of large maps would start large, so they are averaged as in WGAN-GP.
        self.adds_up = config.spectral_norm
        self.verdict = Verdict(config, widths[-1], classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        maps = torch.relu(self.blocks(images))  # (N, F, h, w)
        return self.verdict(maps.sum(dim=(2, 3)) if self.adds_up else maps.mean(dim=(2, 3)), labels)
