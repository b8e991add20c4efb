"""Blocks that more than one architecture uses, and what a discriminator answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d, ConvTranspose2d

LABEL_FEATURES = 32
"""Numbers that stand for a class at the generator's entrance."""
CLASS_CHANNELS = 8
"""Channels that show a class to the discriminator, where it is concatenated."""
SMALLEST = 7
"""Sides up to this many pixels are not halved further: 64 ends at 4, 28 at 7, 300 at 5."""

Size = tuple[int, int]
"""(height, width)"""


def stage_sizes(height: int, width: int) -> list[Size]:
    """(height, width) of the maps from the picture down to the base, each side halved and rounded up until it is small."""
    sizes = [(height, width)]
    while max(sizes[-1]) > SMALLEST:
        sizes.append(tuple(side if side <= SMALLEST else -(-side // 2) for side in sizes[-1]))  # type: ignore[arg-type]
    return sizes


def stage_widths(width: int, stages: int, limit: int | None = None) -> list[int]:
    """Channels of each stage from the picture downwards: doubling, up to `limit`, or else to 512 or eight times the first, whichever is more."""
    return [min(width * 2**stage, limit or max(512, 8 * width)) for stage in range(stages)]


def convolution(channels_in: int, channels_out: int, large: Size, small: Size, kernel: int, *, up: bool, bias: bool) -> nn.Module:
    """The convolution from maps of size `large` to `small`, or its transpose from `small` to `large`: stride 2 where a side halves, else 1.

    Padding is symmetric and such that every size is met exactly, odd ones too; a side that stays as it is takes an odd kernel.
    """
    strides = tuple(1 if whole == half else 2 for whole, half in zip(large, small, strict=True))
    kernels = tuple(kernel if stride == 2 or kernel % 2 else kernel - 1 for stride in strides)
    # an even kernel needs one more pixel of padding to reach ceil(n / 2) from an odd n
    padding = tuple((k - 1) // 2 + (k % 2 == 0 and whole % 2) for k, whole in zip(kernels, large, strict=True))
    if not up:
        return Conv2d(channels_in, channels_out, kernels, strides, padding, bias=bias)  # type: ignore[arg-type]
    spare = tuple(w - ((s - 1) * t - 2 * p + k) for w, s, t, p, k in zip(large, small, strides, padding, kernels, strict=True))
    return ConvTranspose2d(channels_in, channels_out, kernels, strides, padding, spare, bias=bias)  # type: ignore[arg-type]


def enlarge(maps: Tensor, size: Size) -> Tensor:
    """(N, C, h, w) to the next larger of the `stage_sizes`, by nearest neighbours: (N, C, *size)."""
    factors = tuple(1.0 if whole == half else 2.0 for whole, half in zip(size, maps.shape[2:], strict=True))
    return nn.functional.interpolate(maps, scale_factor=factors)[..., : size[0], : size[1]]


def shrink(maps: Tensor, size: Size) -> Tensor:
    """(N, C, h, w) to the next smaller of the `stage_sizes`, by averages: (N, C, *size)."""
    factors = tuple(1 if whole == half else 2 for whole, half in zip(maps.shape[2:], size, strict=True))
    return nn.functional.avg_pool2d(maps, factors, ceil_mode=True)


class LatentInput(nn.Module):
    """Joins the class to the latent, if there are classes (Mirza & Osindero 2014, with a learnt embedding in place of a one-hot vector).

    The embedding starts so small that pictures differ by their latents first. Where the class is louder, the generator settles on one picture
    for each class within a few hundred steps, and never leaves it.
    """

    def __init__(self, latent_size: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, LABEL_FEATURES) if classes else None
        self.features = latent_size + (LABEL_FEATURES if classes else 0)
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=0.1)

    def forward(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        if self.embedding is None:
            return latents
        return torch.cat([latents, self.embedding(labels)], dim=1)  # (N, latent_size + LABEL_FEATURES)


class Judgement(NamedTuple):
    """What a discriminator says of N pictures."""

    logits: Tensor
    """(N,), or (N, K) of a discriminator that judges K places of each picture: high for real."""
    classes: Tensor | None = None
    """(N, classes) logits of the guessed class, if it guesses."""
    reconstruct: Callable[[], list[tuple[Tensor, Tensor]]] | None = None
    """Gives (reconstruction, original) pairs of the pictures, each (N, C, h, w) in -1..1, for a discriminator that also learns to remember
    real pictures. A function, because nobody needs them of fakes."""


class Verdict(nn.Module):
    """The last layer of a discriminator: features (N, F) to the judgement of each picture.

    A dense layer with sigmoid may come first (`dense` units; 0 leaves it out). With classes the logit depends on the picture's class by
    projection: the inner product of the features with an embedding of the class is added (Miyato & Koyama 2018, section 3). Or the class
    is guessed by a layer beside the logit's (Odena et al. 2017, section 3).
    """

    def __init__(self, config: TrainConfig, features: int, classes: int, *, dense: int = 0) -> None:
        super().__init__()
        guesses = config.class_method == "auxiliary"
        self.dense = nn.Sequential(nn.Linear(features, dense), nn.Sigmoid()) if dense else nn.Identity()
        self.linear = nn.Linear(dense or features, 1)
        self.embedding = nn.Embedding(classes, dense or features) if classes and not guesses else None
        self.guess = nn.Linear(dense or features, classes) if classes and guesses else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, features: Tensor, labels: Tensor | None) -> Judgement:
        features = self.dense(features)
        logits: Tensor = self.linear(features).squeeze(1)
        if self.embedding is not None:
            logits = logits + (features * self.embedding(labels)).sum(dim=1)
        return Judgement(logits, None if self.guess is None else self.guess(features))

    if TYPE_CHECKING:
        __call__ = forward


class ConcatenatedClass(nn.Module):
    """A discriminator that sees the class as CLASS_CHANNELS more channels of the picture, equal everywhere (Mirza & Osindero 2014).

    Args:
        discriminator: built for that many more channels, and without classes.
    """

    def __init__(self, discriminator: nn.Module, classes: int) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.embedding = nn.Embedding(classes, CLASS_CHANNELS)

    def forward(self, images: Tensor, labels: Tensor) -> Judgement:
        height, width = images.shape[2:]
        maps = self.embedding(labels)[:, :, None, None].expand(-1, -1, height, width)
        judgement: Judgement = self.discriminator(torch.cat([images, maps.to(images.dtype)], dim=1))  # (N, C + CLASS_CHANNELS, H, W)
        return judgement


def flatten(maps: Tensor) -> Tensor:
    """(N, C, H, W) to (N, H * W * C). Free of copies for channels_last maps."""
    return maps.permute(0, 2, 3, 1).flatten(1)


def unflatten(features: Tensor, channels: int, height: int, width: int) -> Tensor:
    """(N, H * W * C) to (N, C, H, W) in channels_last order; the inverse of `flatten`."""
    return features.view(-1, height, width, channels).permute(0, 3, 1, 2)
