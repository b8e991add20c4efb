"""Deep convolutional GAN.

Convolutions that halve or double the picture at each layer, from 4 x 4 upwards. Any width and height up to 512.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_core.config import TrainConfig
from gan_core.layers import Judgement, LatentInput, Verdict, convolution, flatten, stage_sizes, stage_widths, unflatten

# Radford et al. 2016, with the widths, initialisation and biases of pytorch/examples. The 1x1 -> base deconvolution and the base -> 1x1
# convolution are written as the dense layers they are.
MAX_SIZE = 512
SETTINGS = ("kernel_size", "dense_head", "dropout", "discriminator_batch_norm")


def initialise(module: nn.Module) -> None:
    """Weights N(0, 0.02), normalisation N(1, 0.02), biases 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)
    bias = getattr(module, "bias", None)
    if isinstance(bias, nn.Parameter):
        nn.init.zeros_(bias)


def normalised(convolve: nn.Module, channels: int, activation: Callable[[], nn.Module]) -> nn.Sequential:
    return nn.Sequential(convolve, nn.BatchNorm2d(channels), activation())


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, to pictures (N, C, H, W) in -1..1."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = stage_widths(config.generator_width, len(sizes) - 1)
        self.base = (widths[-1], *sizes[-1])
        self.latent = LatentInput(config.latent_size, classes)
        self.project = nn.Linear(self.latent.features, self.base[0] * self.base[1] * self.base[2], bias=False)
        self.start = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU())
        stages: list[nn.Module] = []
        for stage in range(len(widths) - 1, 0, -1):
            grow = convolution(widths[stage], widths[stage - 1], sizes[stage], sizes[stage + 1], config.kernel_size, up=True, bias=False)
            stages.append(normalised(grow, widths[stage - 1], nn.ReLU))
        last = convolution(widths[0], channels, sizes[0], sizes[1], config.kernel_size, up=True, bias=True)
        self.stages = nn.Sequential(*stages, last)
        self.apply(initialise)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        maps = unflatten(self.project(self.latent(latents, labels)), *self.base)  # (N, C, h, w)
        return torch.tanh(self.stages(self.start(maps)))  # (N, channels, H, W)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        sizes = stage_sizes(config.height, config.width)
        widths = [channels, *stage_widths(config.discriminator_width, len(sizes) - 1)]
        stages: list[nn.Module] = []
        for stage in range(len(sizes) - 1):
            normalises = config.discriminator_batch_norm and stage > 0  # which leaves a bias nothing to do
            shrink = convolution(widths[stage], widths[stage + 1], sizes[stage], sizes[stage + 1], config.kernel_size, up=False, bias=not normalises)
            stages += [shrink, nn.BatchNorm2d(widths[stage + 1])] if normalises else [shrink]
            stages.append(nn.LeakyReLU(0.2))
            stages += [nn.Dropout(config.dropout)] if config.dropout else []
        self.stages = nn.Sequential(*stages)
        self.apply(initialise)
        self.verdict = Verdict(config, widths[-1] * sizes[-1][0] * sizes[-1][1], classes, dense=config.dense_head)
        self.verdict.apply(initialise)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        return self.verdict(flatten(self.stages(images)), labels)
