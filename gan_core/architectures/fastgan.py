"""FastGAN.

For few pictures: it learns from some dozens to a few thousand. Small maps steer large ones, and the discriminator must also be able to
redraw what it saw, so that it does not merely learn the pictures by heart. A step takes about twelve times as long as DCGAN's. Any width and
height up to 512.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.parametrizations import spectral_norm

from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d
from gan_core.layers import CLASS_CHANNELS, Judgement, LatentInput, Size, Verdict, convolution, enlarge, shrink, stage_sizes, stage_widths, unflatten

# Liu et al. 2021, figures 3 and 4, with the widths of its 256 pixel networks at a generator width of 32 and a discriminator width of 16.
# Deliberate differences: the small picture that the discriminator sees is the large one made smaller, as a generator draws but one; and
# reconstructions are compared without LPIPS, whose network would have to be downloaded.
MAX_SIZE = 512
SETTINGS = ("discriminator_batch_norm",)
WIDTHS = (16.0, 8.0, 4.0, 2.0, 2.0, 1.0, 0.5, 0.25)
"""Channels of the generator's maps, of 4, 8, 16 ... 512 pixels, relative to those of 128 pixels."""
REACH = 4
"""A map steers the one that is so many times doubled: that of 4 pixels the one of 64, 8 the one of 128, 16 the one of 256."""
MOST_JUDGED = 256
"""The discriminator halves larger pictures at once."""


def generator_widths(width: int, stages: int) -> list[int]:
    """Channels of each map from the smallest upwards; the last has `width`."""
    return [min(round(width * factor / WIDTHS[stages - 1]), max(width, 1024)) for factor in WIDTHS[:stages]]


def normalised(convolve: nn.Module) -> nn.Module:
    """Spectrally normalised, from weights N(0, 0.02)."""
    nn.init.normal_(convolve.weight, std=0.02)  # type: ignore[arg-type]  # it has a weight
    return spectral_norm(convolve)


def flat(channels_in: int, channels_out: int, kernel: int) -> nn.Module:
    """A convolution that keeps the size if `kernel` is odd, and takes maps of that size to 1 x 1 if it is even."""
    return normalised(Conv2d(channels_in, channels_out, kernel, padding=kernel // 2 if kernel % 2 else 0, bias=False))


def gated(channels: int) -> nn.Sequential:
    """Batch normalisation and a gated linear unit: of twice `channels`, one half decides how much of the other passes."""
    return nn.Sequential(nn.BatchNorm2d(2 * channels), nn.GLU(dim=1))


class UpBlock(nn.Module):
    """Maps (N, channels_in, h, w) to (N, channels_out, *size)."""

    def __init__(self, channels_in: int, channels_out: int, size: Size) -> None:
        super().__init__()
        self.size = size
        self.layers = nn.Sequential(flat(channels_in, 2 * channels_out, 3), gated(channels_out))

    def forward(self, maps: Tensor, noise: Tensor | None) -> Tensor:
        grown: Tensor = self.layers(enlarge(maps, self.size))
        return grown


class NoisyUpBlock(nn.Module):
    """Maps (N, channels_in, h, w) to (N, channels_out, *size) by two convolutions, each with noise.

    Args:
        start: where its own part of all noise (N, noise_size) starts.
    """

    def __init__(self, channels_in: int, channels_out: int, size: Size, start: int) -> None:
        super().__init__()
        self.size = size
        self.own = slice(start, start + 2 * math.prod(size))
        self.convolutions = nn.ModuleList([flat(channels_in, 2 * channels_out, 3), flat(channels_out, 2 * channels_out, 3)])
        self.gates = nn.ModuleList([gated(channels_out), gated(channels_out)])
        self.loudness = nn.Parameter(torch.zeros(2))

    def forward(self, maps: Tensor, noise: Tensor | None) -> Tensor:
        maps = enlarge(maps, self.size)
        own = None if noise is None else noise[:, self.own].view(-1, 2, *self.size)
        for at, (convolve, gate) in enumerate(zip(self.convolutions, self.gates, strict=True)):
            maps = convolve(maps)
            maps = gate(maps if own is None else maps + (self.loudness[at] * own[:, at : at + 1]).to(maps.dtype))
        return maps


class Excitation(nn.Module):
    """Skip-layer excitation (section 3.1): small maps (N, channels_in, h, w) to a factor for each channel of large ones (N, channels_out, 1, 1)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), flat(channels_in, channels_out, 4), nn.LeakyReLU(0.1), flat(channels_out, channels_out, 1), nn.Sigmoid()
        )

    def forward(self, maps: Tensor) -> Tensor:
        factors: Tensor = self.layers(maps)
        return factors


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, noise (N, noise_size) or none, to pictures (N, C, H, W) in -1..1."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)[::-1]
        widths = generator_widths(config.generator_width, len(sizes))
        self.latent = LatentInput(config.latent_size, classes)
        self.base = (2 * widths[0], *sizes[0])
        # the transposed convolution from 1 x 1, written as the dense layer it is
        self.project = normalised(nn.Linear(self.latent.features, math.prod(self.base), bias=False))
        self.start = gated(widths[0])
        self.noise_size = 0
        blocks: list[nn.Module] = []
        for at in range(1, len(sizes)):
            if at % 2:
                blocks.append(NoisyUpBlock(widths[at - 1], widths[at], sizes[at], self.noise_size))
                self.noise_size += 2 * math.prod(sizes[at])
            else:
                blocks.append(UpBlock(widths[at - 1], widths[at], sizes[at]))
        self.blocks = nn.ModuleList(blocks)
        self.excitations = nn.ModuleList(Excitation(small, large) for small, large in zip(widths, widths[REACH:], strict=False))
        self.paint = flat(widths[-1], channels, 3)

    def forward(self, latents: Tensor, labels: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        maps = [self.start(unflatten(self.project(self.latent(latents, labels)), *self.base))]  # each (N, C, h, w)
        for at, block in enumerate(self.blocks, start=1):
            grown = block(maps[-1], noise)
            maps.append(grown if at < REACH else grown * self.excitations[at - REACH](maps[at - REACH]))
        return torch.tanh(self.paint(maps[-1]))  # (N, channels, H, W)


def leaky(convolve: nn.Module, channels: int, *, batch_norm: bool) -> nn.Sequential:
    """A convolution of the discriminator to so many channels, with what follows it."""
    return nn.Sequential(normalised(convolve), nn.BatchNorm2d(channels) if batch_norm else nn.Identity(), nn.LeakyReLU(0.2))


def halving(channels_in: int, channels_out: int, large: Size, small: Size) -> nn.Module:
    return convolution(channels_in, channels_out, large, small, 4, up=False, bias=False)


class DownBlock(nn.Module):
    """Maps (N, channels_in, *large) to (N, channels_out, *small): the mean of two convolutions and of one of the averaged maps."""

    def __init__(self, channels_in: int, channels_out: int, large: Size, small: Size, *, batch_norm: bool) -> None:
        super().__init__()
        self.size = small
        self.main = nn.Sequential(
            leaky(halving(channels_in, channels_out, large, small), channels_out, batch_norm=batch_norm),
            leaky(Conv2d(channels_out, channels_out, 3, padding=1, bias=False), channels_out, batch_norm=batch_norm),
        )
        self.direct = leaky(Conv2d(channels_in, channels_out, 1, bias=False), channels_out, batch_norm=batch_norm)

    def forward(self, maps: Tensor) -> Tensor:
        mean: Tensor = (self.main(maps) + self.direct(shrink(maps, self.size))) / 2
        return mean


def small_judge(channels: int, widths: list[int], sizes: list[Size], *, batch_norm: bool) -> nn.Sequential:
    """Pictures of sizes[0], halved down to sizes[-1] and judged there: (N, 1, h, w) logits. `widths` are those of the maps, after the first."""
    layers: list[nn.Module] = []
    for at, width in enumerate(widths):
        layers.append(leaky(halving(channels, width, sizes[at], sizes[at + 1]), width, batch_norm=batch_norm and at > 0))
        channels = width
    return nn.Sequential(*layers, flat(channels, 1, 4))


def decoder(channels_in: int, channels_out: int, features: int, sizes: list[Size]) -> nn.Sequential:
    """Maps in proportion to the last of the sizes to pictures in proportion to the first: (N, channels_out, H, W) in -1..1.

    Each step has half the channels of the one before, from half of the `features`; from an eighth of them on they stay.
    """
    layers: list[nn.Module] = []
    for step, (large, small) in enumerate(reversed(list(pairwise(sizes))), start=1):
        factors = tuple(1.0 if whole == half else 2.0 for whole, half in zip(large, small, strict=True))
        channels = features // 2 ** min(step, 3)
        layers += [nn.Upsample(scale_factor=factors), flat(channels_in, 2 * channels, 3), gated(channels)]
        channels_in = channels
    return nn.Sequential(*layers, flat(channels_in, channels_out, 3), nn.Tanh())


class Memory(nn.Module):
    """Redraws pictures from what the discriminator has kept of them (section 3.2): the whole from its last maps, a quarter from those before.

    Args:
        widths, sizes: of the maps, from the largest to the last.
    """

    def __init__(self, channels: int, widths: list[int], sizes: list[Size]) -> None:
        super().__init__()
        self.whole = decoder(widths[-1], channels, widths[-1], sizes[1:])
        self.quarter = decoder(widths[-2], channels, widths[-1], sizes[:-1])

    def reconstruct(self, images: Tensor, middle: Tensor, last: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Reconstructions with their originals, from maps before the last (N, C, h, w) and the last."""
        quarter = [bool(end) for end in torch.randint(2, (2,))]  # bottom, right; drawn on the CPU, so nothing waits for a device
        pairs = [(self.whole(last), images), (self.quarter(_corner(middle, *quarter)), _corner(images, *quarter))]
        return [(picture, interpolate(original, picture.shape[2:], mode="area")) for picture, original in pairs]


def _corner(maps: Tensor, bottom: bool, right: bool) -> Tensor:
    """A quarter of the maps, half of each side rounded up."""
    height, width = (-(-side // 2) for side in maps.shape[2:])
    maps = maps[:, :, -height:] if bottom else maps[:, :, :height]
    return maps[..., -width:] if right else maps[..., :width]


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each: logits (N, K) of K places, large and small."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        first = int(max(sizes[0]) > MOST_JUDGED)
        widths = stage_widths(config.discriminator_width, len(sizes))
        batch_norm = config.discriminator_batch_norm
        self.stem = leaky(
            convolution(channels, widths[first], sizes[0], sizes[first], 3 + first, up=False, bias=False), widths[first], batch_norm=False
        )
        self.blocks = nn.ModuleList(
            DownBlock(widths[at], widths[at + 1], sizes[at], sizes[at + 1], batch_norm=batch_norm) for at in range(first, len(sizes) - 2)
        )
        features = widths[-2]
        self.judge = nn.Sequential(
            leaky(Conv2d(features, 2 * features, 1, bias=False), 2 * features, batch_norm=batch_norm), flat(2 * features, 1, 4)
        )
        end = max(len(sizes) - 1, first + 3)  # pictures of 16 pixels have their small ones judged at the base
        self.small_sizes = sizes[1 : first + 2]
        self.judge_small = small_judge(channels, [width // 2 for width in widths[first + 2 : end]], sizes[first + 1 : end], batch_norm=batch_norm)
        concatenated = CLASS_CHANNELS if config.conditional and config.class_method == "concatenation" else 0
        self.pictured = channels - concatenated
        """Channels that are a picture's own and to be remembered."""
        self.memory = Memory(self.pictured, widths[first:-1], sizes[first:-1])
        self.verdict = _normalised_verdict(Verdict(config, features, classes)) if classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        maps = [self.stem(images)]  # each (N, F, h, w)
        for block in self.blocks:
            maps.append(block(maps[-1]))
        small = images
        for size in self.small_sizes:
            small = shrink(small, size)
        logits = torch.cat([self.judge(maps[-1]).flatten(1), self.judge_small(small).flatten(1)], dim=1)  # (N, K)
        judgement = Judgement(logits, None, lambda: self.memory.reconstruct(images[:, : self.pictured].detach(), maps[-2], maps[-1]))
        if self.verdict is None:
            return judgement
        verdict = self.verdict(maps[-1].mean(dim=(2, 3)), labels)
        return judgement._replace(logits=logits + verdict.logits[:, None], classes=verdict.classes)


def _normalised_verdict(verdict: Verdict) -> Verdict:
    for layer in (verdict.linear, verdict.embedding):
        if layer is not None:
            spectral_norm(layer)
    return verdict
