"""The residual networks are those of SNGAN and WGAN-GP."""

import pytest
import torch
from torch import nn

from gan_core.architectures.resnet import Discriminator, DownBlock, Generator, Normalisation
from gan_core.config import TrainConfig
from gan_core.ema import calibrate
from tests.gan_core.contract import Case


def widths(network: nn.Module, kernel: int) -> list[tuple[int, int]]:
    """(in, out) of all convolutions with that kernel."""
    found = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size == (kernel, kernel)]
    return [(layer.in_channels, layer.out_channels) for layer in found]


def test_the_generator_has_the_widths_of_the_paper() -> None:
    generator = Generator(TrainConfig(steps=1, architecture="resnet"), 3)
    assert generator.base == (1024, 4, 4)
    assert [block.size for block in generator.blocks] == [(8, 8), (16, 16), (32, 32), (64, 64)]
    blocks = [[(2 * width, width), (width, width)] for width in (512, 256, 128, 64)]
    assert widths(generator, 3) == [pair for block in blocks for pair in block] + [(64, 3)]
    assert widths(generator, 1) == [block[0] for block in blocks]


def test_the_discriminator_has_the_widths_of_the_paper() -> None:
    discriminator = Discriminator(TrainConfig(steps=1, architecture="resnet"), 3)
    assert [block.size[0] for block in discriminator.blocks] == [32, 16, 8, 4, 4]
    assert widths(discriminator, 1) == [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1024)]
    assert widths(discriminator, 3)[:4] == [(3, 64), (64, 64), (64, 64), (64, 128)]  # only the first block widens at once
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in discriminator.modules())


def test_widths_stop_at_1024() -> None:
    large = Generator(TrainConfig(steps=1, architecture="resnet", width=512, height=16, generator_width=32), 3)
    assert [block.shortcut.in_channels for block in large.blocks] == [512, 512, 512, 512, 256, 128, 64]
    wide = Discriminator(TrainConfig(steps=1, architecture="resnet", width=128, height=16, discriminator_width=128), 3)
    assert max(width for pair in widths(wide, 1) for width in pair) == 1024


def test_the_normalisation_of_every_class_is_its_own_and_starts_near_the_plain_one() -> None:
    norm, plain = Normalisation(256, classes=2), nn.BatchNorm2d(256)
    maps, labels = 5 + 2 * torch.randn(4, 256, 6, 6), torch.tensor([0, 1, 1, 0])
    assert norm.affine is not None
    at_first = norm(maps, labels)
    assert (at_first - plain(maps)).square().mean().item() == pytest.approx(2 * 0.15**2, rel=0.3)  # of scale and of bias
    with torch.no_grad():
        norm.affine.weight[0] = torch.cat([torch.full((256,), 1.0), torch.full((256,), 0.0)])
        norm.affine.weight[1] = torch.cat([torch.full((256,), 2.0), torch.full((256,), 3.0)])
    learnt = norm(maps, labels)
    assert torch.allclose(learnt[[0, 3]], plain(maps)[[0, 3]], atol=1e-6)
    assert torch.allclose(learnt[[1, 2]], 2 * plain(maps)[[1, 2]] + 3, atol=1e-5)


def test_statistics_of_conditional_normalisation_are_calibrated() -> None:
    generator = Case("resnet", method="projection").players().generator
    before = [norm.running_var.clone() for norm in generator.modules() if isinstance(norm, nn.BatchNorm2d)]
    calibrate(generator, 8, lambda network, count: network(torch.randn(count, 8), torch.arange(count) % 3))
    after = [norm.running_var for norm in generator.modules() if isinstance(norm, nn.BatchNorm2d)]
    assert len(before) == 5 and not any(torch.equal(was, now) for was, now in zip(before, after, strict=True))


def test_a_block_without_its_convolutions_is_the_average() -> None:
    block = DownBlock(2, 2, (4, 3))
    with torch.no_grad():
        block.grow.weight.zero_()
        block.shortcut.weight.copy_(torch.eye(2)[:, :, None, None])
    maps = torch.rand(1, 2, 8, 6)
    assert torch.allclose(block(maps), nn.functional.avg_pool2d(maps, 2), atol=1e-6)


def test_places_are_added_up_under_spectral_normalisation_and_averaged_without() -> None:
    plain, tamed = Case("resnet").players().discriminator, Case("resnet").players(spectral_norm=True).discriminator
    assert (plain.adds_up, tamed.adds_up) == (False, True)
    assert sum(nn.utils.parametrize.is_parametrized(layer) for layer in tamed.modules()) == 3 * 3 + 1  # three blocks and the verdict
