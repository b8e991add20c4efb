"""Multi-layer perceptron.

The first GAN: dense layers only. Quick on tiny pictures such as digits; it draws each pixel without a notion of its neighbours.
"""

import torch
from torch import Tensor, nn

from gan_core.config import TrainConfig
from gan_core.layers import Judgement, LatentInput, Verdict, flatten, unflatten

# Goodfellow et al. 2014 with the activations and normalisation that became usual since: at the default widths of 64 the generator's layers have
# 128, 256, 512 and 1024 units, the discriminator's 512 and 512.
MAX_SIZE = 96
SETTINGS = ("dense_head", "dropout")
GENERATOR_UNITS = (2, 4, 8, 16)
"""Units of each hidden layer, in generator widths."""
DISCRIMINATOR_UNITS = (8, 8)
"""Units of each hidden layer, in discriminator widths."""


class Generator(nn.Module):
    """Latents (N, latent_size), labels (N,) int64 if there are classes, to pictures (N, C, H, W) in -1..1."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        self.shape = (channels, config.height, config.width)
        self.latent = LatentInput(config.latent_size, classes)
        layers: list[nn.Module] = []
        units = self.latent.features
        for factor in GENERATOR_UNITS:
            layers.append(nn.Linear(units, factor * config.generator_width))
            units = factor * config.generator_width
            layers += [nn.BatchNorm1d(units), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(units, channels * config.height * config.width))

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        pixels = self.layers(self.latent(latents, labels))  # (N, H * W * C)
        return unflatten(torch.tanh(pixels), *self.shape)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W), labels (N,) int64 if there are classes, to the judgement of each."""

    def __init__(self, config: TrainConfig, channels: int, classes: int = 0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        units = channels * config.height * config.width
        for factor in DISCRIMINATOR_UNITS:
            layers += [nn.Linear(units, factor * config.discriminator_width), nn.LeakyReLU(0.2)]
            layers += [nn.Dropout(config.dropout)] if config.dropout else []
            units = factor * config.discriminator_width
        self.layers = nn.Sequential(*layers)
        self.verdict = Verdict(config, units, classes, dense=config.dense_head)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Judgement:
        return self.verdict(self.layers(flatten(images)), labels)
