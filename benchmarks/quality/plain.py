"""The DCGAN that everybody starts from (Radford et al. 2016), with the layers and settings of the PyTorch examples, and nothing else.

Half as wide and with half the batch, as the recipe beside it, so that a processor does enough steps of both.

No running mean, no augmentation, no schedule: what our recipes are compared with.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from gan_core.images.store import ImageStore

SIDE, LATENT, WIDTH, BATCH = 64, 100, 32, 32


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def generator(channels: int) -> nn.Sequential:
    """(N, LATENT, 1, 1) to (N, channels, 64, 64) in -1..1."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, 8 * WIDTH, 4, 1, 0, bias=False), nn.BatchNorm2d(8 * WIDTH), nn.ReLU(True)]
    for width in (4 * WIDTH, 2 * WIDTH, WIDTH):
        layers += [nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(WIDTH, channels, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(channels: int) -> nn.Sequential:
    """(N, channels, 64, 64) to (N, 1, 1, 1): how likely each is real."""
    layers: list[nn.Module] = [nn.Conv2d(channels, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for width in (2 * WIDTH, 4 * WIDTH, 8 * WIDTH):
        layers += [nn.Conv2d(width // 2, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * WIDTH, 1, 4, 1, 0, bias=False), nn.Sigmoid())


class Plain:
    """The two networks, and a step that trains them."""

    def __init__(self, images: ImageStore, seed: int) -> None:
        torch.manual_seed(seed)
        channels = int(images.images.shape[3])
        self.pictures = torch.from_numpy(np.array(images.images)).permute(0, 3, 1, 2)  # (N, C, H, W) uint8
        self.generator, self.discriminator = generator(channels).apply(_initialise), discriminator(channels).apply(_initialise)
        self.optimizers = [torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (self.generator, self.discriminator)]
        self.batches = self._batches()
        self.step_number = 0

    def _batches(self) -> Iterator[Tensor]:
        while True:
            for places in torch.randperm(len(self.pictures)).split(BATCH):
                yield self.pictures[places].float() / 127.5 - 1

    def step(self) -> None:
        """One of the discriminator, one of the generator."""
        real, judge = next(self.batches), nn.BCELoss()
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        for_generator, for_discriminator = self.optimizers
        fake = self.generator(torch.randn(len(real), LATENT, 1, 1))
        for_discriminator.zero_grad()
        (judge(self.discriminator(real).view(-1), ones) + judge(self.discriminator(fake.detach()).view(-1), zeros)).backward()
        for_discriminator.step()
        for_generator.zero_grad()
        judge(self.discriminator(fake).view(-1), ones).backward()
        for_generator.step()
        self.step_number += 1

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> Tensor:
        """(count, C, 64, 64) in -1..1, batch by batch as in training."""
        latents = torch.randn(count, LATENT, 1, 1, generator=torch.Generator().manual_seed(seed))
        with torch.random.fork_rng():
            return torch.cat([self.generator(part) for part in latents.split(BATCH)])
