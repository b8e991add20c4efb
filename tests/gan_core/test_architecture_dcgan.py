"""DCGAN has the layers of its paper, and meets every size with every kernel."""

import pytest
import torch
from torch import nn

from gan_core.architectures.dcgan import Discriminator, Generator
from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d
from tests.gan_core.contract import Case


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("size", [(16, 512), (17, 33), (101, 99), (96, 64)])
def test_it_meets_odd_sizes_with_every_kernel(size: tuple[int, int], kernel: int) -> None:
    pair = Case("dcgan", size).players(kernel_size=kernel)
    drawn = pair.generator(torch.randn(2, 8))
    assert drawn.shape == (2, 3, size[1], size[0])
    assert pair.discriminator(drawn).logits.shape == (2,)


def test_it_has_the_layers_of_the_paper() -> None:
    config = TrainConfig(steps=1)
    generator, discriminator = Generator(config, 3), Discriminator(config, 3)
    grown = [layer.weight.shape[:2] for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    shrunk = [layer.weight.shape[:2] for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert grown == [(512, 256), (256, 128), (128, 64), (64, 3)]
    assert shrunk == [(64, 3), (128, 64), (256, 128), (512, 256)]
    assert generator.base == (512, 4, 4)
    kernels = torch.cat([layer.weight.detach().flatten() for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)])
    assert abs(kernels.std().item() - 0.02) < 1e-3 and abs(kernels.mean().item()) < 1e-3


def test_the_first_layer_is_not_normalised_and_all_others_are() -> None:
    discriminator = Discriminator(TrainConfig(steps=1), 3)
    assert [type(layer) for layer in discriminator.stages[:5]] == [Conv2d, nn.LeakyReLU, Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    bare = Discriminator(TrainConfig(steps=1, discriminator_batch_norm=False), 3)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in bare.modules())
    assert all(layer.bias is not None for layer in bare.modules() if isinstance(layer, nn.Conv2d))


@pytest.mark.parametrize("name", ["dcgan", "mlp"])
def test_dense_head_and_dropout_are_built(name: str) -> None:
    plain, rich = (Case(name, channels=1).players(**values).discriminator for values in ({}, {"dense_head": 10, "dropout": 0.5}))
    assert any(layer.out_features == 10 for layer in rich.modules() if isinstance(layer, nn.Linear))
    image = torch.rand(2, 1, 16, 16)
    assert torch.equal(plain(image).logits, plain(image).logits)
    assert not torch.equal(rich(image).logits, rich(image).logits)
