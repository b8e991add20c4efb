"""StyleGAN2.

The latent sets a style, and the style steers every convolution: rich and even pictures, given time. Made for the non-saturating objective
with a lazy R1 penalty and adaptive augmentation. Any width and height up to 512.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, linear

from gan_core.config import TrainConfig
from gan_core.equalised import Convolution, Dense
from gan_core.layers import Judgement, Size, Verdict, flatten, stage_sizes, stage_widths, unflatten
from gan_core.resample import Enlarge, Shrink

# Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN", with the mapping of two layers that the paper on adaptive
# augmentation (Karras et al. 2020, "Training generative adversarial networks with limited data") gives small pictures. Deliberate differences:
# no style mixing and no path length regularisation, which that paper leaves out for small pictures, too; pictures leave through tanh, where the
# papers' are unbounded; where maps grow or shrink, the convolution works on the small ones, which in the generator costs a quarter.
MAX_SIZE = 512
SETTINGS = ()
MAPPING_LAYERS = 2
MAPPING_RATE = 0.01
"""Learning rate of the mapping network, in multiples of the others'."""
CLASS_LOUDNESS = 0.3
"""Of the class beside the latent. As loud as it, as in the papers, the class leaves little variety to its pictures at first."""
GROUP = 4
"""Pictures whose spread the discriminator sees together."""
SLOPE = 0.2
GAIN = math.sqrt(2)
"""What keeps the variance through a leaky ReLU."""
EPSILON = 1e-8


def exact(tensor: Tensor) -> torch.autocast:
    """A region in which matrix products keep the tensor's precision: those of vectors, by which whole maps are multiplied."""
    return torch.autocast(tensor.device.type, enabled=False)


def normalise(vectors: Tensor) -> Tensor:
    """(N, F) to mean square 1."""
    return vectors * (vectors.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()


class Modulated(nn.Module):
    """A 3x3 convolution steered by a style, then noise, bias and leaky ReLU: (N, channels_in, H, W) to (N, channels_out, H, W), or larger.

    The style scales the input and the demodulation the output (Karras et al. 2020, section 2.2, before both are moved into the weights), so that
    one ordinary convolution serves the whole batch.
    """

    def __init__(self, channels_in: int, channels_out: int, enlarge: Enlarge | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.strength = nn.Parameter(torch.zeros(()))
        self.scale = 1 / math.sqrt(channels_in * 9)
        self.enlarge = enlarge

    def forward(self, maps: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        weight = self.weight * self.scale
        with exact(style):
            # the demodulation undoes the size of a style, which therefore may as well be one that no number format overflows at
            style = style / (style.detach().abs().amax(dim=1, keepdim=True) + EPSILON)
            demodulation = GAIN * (linear(style.square(), weight.square().sum(dim=(2, 3))) + EPSILON).rsqrt()  # (N, channels_out)
        maps = conv2d(maps * style[:, :, None, None].to(maps.dtype), weight, padding=1)
        maps = maps if self.enlarge is None else self.enlarge(maps)
        bias = (GAIN * self.bias)[:, None, None].to(maps.dtype)
        maps = torch.addcmul(bias, maps, demodulation[:, :, None, None].to(maps.dtype))
        if noise is not None:
            maps = maps + (GAIN * self.strength * noise).to(maps.dtype)
        return leaky_relu(maps, SLOPE, inplace=True)


class Show(nn.Module):
    """Maps (N, C, H, W) to colours (N, channels, H, W), steered by a style but not demodulated."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, channels_in))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = 1 / math.sqrt(channels_in)

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        weight = self.weight * self.scale * style[:, None]  # (N, channels, C): for so few colours, cheaper than scaling the maps
        count, depth, height, width = maps.shape
        pixels = flatten(maps).view(count, height * width, depth) @ weight.transpose(1, 2) + self.bias  # (N, H * W, channels)
        return unflatten(pixels, len(self.bias), height, width)


class Stage(nn.Module):
    """The convolutions of one size. Adds to the picture so far, which it enlarges, what this size has to show."""

    def __init__(self, channels_in: int, channels_out: int, channels: int, enlarge: Enlarge | None) -> None:
        super().__init__()
        self.enlarge = enlarge
        grow = [] if enlarge is None else [Modulated(channels_in, channels_out, enlarge)]
        self.convolutions = nn.ModuleList([*grow, Modulated(channels_out, channels_out)])
        self.show = Show(channels_out, channels)
        self.style_sizes = [*(channels_in for _ in grow), channels_out, channels_out]

    def forward(self, maps: Tensor, picture: Tensor | None, styles: Iterator[Tensor], noise: Iterator[Tensor | None]) -> tuple[Tensor, Tensor]:
        for convolve in self.convolutions:
            maps = convolve(maps, next(styles), next(noise))
        shown: Tensor = self.show(maps, next(styles))
        return maps, shown if self.enlarge is None else self.enlarge(picture) + shown


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, noise (N, noise_size) or none, to pictures (N, C, H, W) in -1..1."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)[::-1]
        widths = stage_widths(config.generator_width, len(sizes))[::-1]
        features = config.latent_size
        self.embedding = nn.Embedding(classes, features) if classes else None
        inputs = [features * (2 if classes else 1), *[features] * (MAPPING_LAYERS - 1)]
        self.mapping = nn.ModuleList(Dense(size, features, gain=GAIN, rate=MAPPING_RATE) for size in inputs)
        self.base = nn.Parameter(torch.randn(widths[0], *sizes[0]))
        stages = [Stage(widths[0], widths[0], channels, None)]
        for (small, large), (before, after) in zip(pairwise(sizes), pairwise(widths), strict=True):
            stages.append(Stage(before, after, channels, Enlarge(large, small)))
        self.stages = nn.ModuleList(stages)
        self.style_sizes = [size for stage in stages for size in stage.style_sizes]
        self.affine = Dense(features, sum(self.style_sizes), start=1.0)
        self.noise_shapes: list[Size] = [size for size, stage in zip(sizes, stages, strict=True) for _ in stage.convolutions]
        self.scale = 1 / math.sqrt(len(stages))  # keeps the sum of the stages' pictures where tanh is alive
        self.noise_size = sum(height * width for height, width in self.noise_shapes)

    def style(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Latents and labels to styles (N, latent_size), where truncation happens."""
        with exact(latents):
            styles = normalise(latents)
            if self.embedding is not None:
                styles = torch.cat([styles, CLASS_LOUDNESS * normalise(self.embedding(labels))], dim=1)
            for layer in self.mapping:
                styles = leaky_relu(layer(styles), SLOPE)
        return styles

    def draw(self, styles: Tensor, noise: Tensor | None = None) -> Tensor:
        """Styles (N, latent_size) and noise (N, noise_size) to pictures."""
        with exact(styles):
            parts = iter(torch.split(self.affine(styles), self.style_sizes, dim=1))
        grains = self._grains(noise)
        maps, picture = self.base.expand(styles.shape[0], -1, -1, -1), None  # an export would take len() for a constant
        for stage in self.stages:
            maps, picture = stage(maps, picture, parts, grains)
        assert picture is not None
        return torch.tanh(self.scale * picture)

    def _grains(self, noise: Tensor | None) -> Iterator[Tensor | None]:
        """The noise of each convolution in turn, (N, 1, h, w)."""
        if noise is None:
            return iter([None] * len(self.noise_shapes))
        parts = torch.split(noise, [height * width for height, width in self.noise_shapes], dim=1)
        return iter([part.view(-1, 1, *shape) for part, shape in zip(parts, self.noise_shapes, strict=True)])

    def forward(self, latents: Tensor, labels: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        return self.draw(self.style(latents, labels), noise)


class Halving(nn.Module):
    """Two convolutions around a halving and a path beside them, (N, before, *large) to (N, after, *small). The sum keeps the variance."""

    def __init__(self, before: int, after: int, shrink: Shrink) -> None:
        super().__init__()
        self.first = Convolution(before, before, 3, gain=GAIN)
        self.second = Convolution(before, after, 3, gain=GAIN * math.sqrt(0.5))
        self.beside = Convolution(before, after, 1, gain=math.sqrt(0.5), bias=False)
        self.shrink = shrink

    def forward(self, maps: Tensor) -> Tensor:
        hidden = leaky_relu(self.first(maps), SLOPE, inplace=True)
        hidden = leaky_relu(self.second(self.shrink(hidden)), SLOPE, inplace=True)
        beside: Tensor = self.beside(self.shrink(maps))
        return beside + hidden


def spread(maps: Tensor) -> Tensor:
    """(N,) from (N, C, H, W): how much the pictures of each one's group differ, the mean over all features of their standard deviation there
    (Karras et al. 2018, section 3), by which the discriminator notices sameness. Pictures are dealt out to groups of four, or nearly four.
    """
    with exact(maps):
        features = flatten(maps).to(torch.promote_types(maps.dtype, torch.float32))  # (N, F)
        groups = -(-len(maps) // GROUP)
        member = nn.functional.one_hot(torch.arange(len(maps), device=maps.device) % groups, groups).to(features.dtype)  # (N, groups)
        share = (member / member.sum(dim=0)).T
        variance = share @ (features - member @ (share @ features)).square()  # (groups, F)
        return member @ (variance + EPSILON).sqrt().mean(dim=1)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = stage_widths(config.discriminator_width, len(sizes))
        last, places = widths[-1], sizes[-1][0] * sizes[-1][1]
        self.start = Convolution(channels, widths[0], 1, gain=GAIN)
        self.stages = nn.Sequential(
            *(Halving(*pair, Shrink(large, small)) for pair, (large, small) in zip(pairwise(widths), pairwise(sizes), strict=True))
        )
        self.convolve = Convolution(last + 1, last, 3, gain=GAIN)
        self.dense = Dense(last * places, last, gain=GAIN)
        self.verdict = Verdict(config, last, classes)
        for layer in (self.verdict.linear, self.verdict.guess):
            if layer is not None:
                nn.init.normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        self.scale = 1 / math.sqrt(last)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        maps = self.stages(leaky_relu(self.start(images), SLOPE, inplace=True))
        sameness = spread(maps).to(maps.dtype)[:, None, None, None].expand(-1, -1, *maps.shape[2:])
        maps = leaky_relu(self.convolve(torch.cat([maps, sameness], dim=1)), SLOPE, inplace=True)
        features = leaky_relu(self.dense(flatten(maps)), SLOPE)
        return self.verdict(features * self.scale, labels)  # scaled here rather than in the verdict's layers, which learn equally fast by it
