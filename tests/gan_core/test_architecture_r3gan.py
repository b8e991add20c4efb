"""R3GAN: residual blocks that start as nothing, grouped convolutions, and no normalisation."""

import math

import pytest
import torch
from torch import nn

from gan_core.architectures.r3gan import Discriminator, Generator, Residual
from gan_core.config import TrainConfig
from tests.gan_core.slopes import slope_error


def small(**values: object) -> TrainConfig:
    base = {"steps": 1, "architecture": "r3gan", "width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8}
    return TrainConfig.model_validate({**base, **values})


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_parameters_are_those_one_counts_by_hand() -> None:
    generator, discriminator = Generator(small(), 3), Discriminator(small(), 3)
    # in a block of 16 channels: 32 inside, in two groups of 16; of 8: one group of 16; of 4: one group of 8
    block = {width: 2 * (2 * width * width) + 2 * (2 * width) + 2 * width * min(16, 2 * width) * 9 for width in (16, 8, 4)}
    blocks = 2 * sum(block.values())
    between = 16 * 8 + 8 * 4
    assert parameters(generator) == 8 * 16 + 16 * 4 * 4 + blocks + between + 4 * 3 == 18444
    assert parameters(discriminator) == 3 * 4 + blocks + between + 16 * 4 * 4 + 16 + 1 == 18333


def test_each_block_starts_as_the_identity_and_learns() -> None:
    block, maps = Residual(8, 6), torch.randn(2, 8, 5, 5)
    assert torch.equal(block(maps), maps)
    block(maps).square().sum().backward()
    assert block.narrow.weight.grad.abs().sum() > 0


def test_the_other_convolutions_are_scaled_by_the_number_of_blocks() -> None:
    for blocks in (1, 16):
        block = Residual(128, blocks)
        for convolve, inputs in ((block.widen, 128), (block.mix, 16 * 9)):
            expected = math.sqrt(2 / (1 + 0.2**2) / inputs) * blocks ** (-1 / 4)
            assert abs(convolve.weight.std().item() / expected - 1) < 0.03


@pytest.mark.parametrize(("width", "group"), [(64, 16), (8, 16), (4, 8), (9, 9), (5, 10), (17, 2)])
def test_a_group_has_sixteen_channels_or_the_most_that_divide(width: int, group: int) -> None:
    assert Residual(width, 1).mix.weight.shape == (2 * width, group, 3, 3)


def test_nothing_is_normalised_and_biases_stand_before_activations_only() -> None:
    for network in (Generator(small(), 3), Discriminator(small(), 3)):
        inside = {id(layer) for block in network.modules() if isinstance(block, Residual) for layer in (block.widen, block.mix)}
        for name, layer in network.named_modules():
            assert "Norm" not in type(layer).__name__
            if isinstance(layer, nn.Conv2d) or (isinstance(layer, nn.Linear) and not name.startswith("verdict")):
                assert (layer.bias is not None) == (id(layer) in inside)


def test_the_picture_starts_linear_in_the_latent() -> None:
    generator, latents = Generator(small(), 3), 0.1 * torch.randn(4, 8)
    assert torch.allclose(generator(2 * latents), 2 * generator(latents), atol=1e-4)


def test_pictures_are_bounded_only_when_they_are_drawn() -> None:
    generator, latents = Generator(small(), 3), 10 * torch.randn(4, 8)
    free = generator(latents)
    assert free.abs().max() > 1
    assert torch.equal(generator.eval()(latents), free.clamp(-1, 1))


@pytest.mark.parametrize("size", [(16, 16), (19, 16)])
def test_the_slope_differentiates_as_finite_differences_do(size: tuple[int, int]) -> None:
    discriminator = Discriminator(small(width=size[0], height=size[1]), 1, 3).double()
    for layer in discriminator.modules():
        if isinstance(layer, Residual):
            nn.init.normal_(layer.narrow.weight, std=0.1)  # else the blocks would be out of it
    images = torch.rand(3, 1, size[1], size[0], dtype=torch.float64)
    assert slope_error(discriminator, images, torch.arange(3)) < 1e-4


def test_low_precision_stays_finite() -> None:
    generator, discriminator = Generator(small(), 3), Discriminator(small(), 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        drawn = generator(100 * torch.randn(2, 8))
        logits = discriminator(drawn).logits
    logits.float().sum().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in [*generator.parameters(), *discriminator.parameters()] if parameter.grad is not None)
