"""The multi-layer perceptron has the usual layers."""

from torch import nn

from gan_core.architectures.mlp import Discriminator, Generator
from gan_core.config import TrainConfig

CONFIG = TrainConfig(steps=1, architecture="mlp", width=28, height=28)


def units(network: nn.Module) -> list[int]:
    return [layer.out_features for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_it_has_the_usual_units() -> None:
    assert units(Generator(CONFIG, 1)) == [128, 256, 512, 1024, 784]
    assert units(Discriminator(CONFIG, 1)) == [512, 512, 1]


def test_only_the_generator_is_normalised() -> None:
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in Generator(CONFIG, 1).modules()) == 4
    assert not any(isinstance(layer, nn.BatchNorm1d) for layer in Discriminator(CONFIG, 1).modules())
