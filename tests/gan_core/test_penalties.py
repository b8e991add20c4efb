"""Weight clipping: what is clamped and what is not."""

import torch
from torch import nn

from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.penalties import clip_weights


def critic(architecture: str = "dcgan") -> nn.Module:
    config = TrainConfig(steps=1, width=16, height=16, discriminator_width=4, architecture=architecture)
    network: nn.Module = architectures.load(architecture).Discriminator(config, 3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.5)
    return network


def test_clipping_clamps_every_weight() -> None:
    network = critic()
    clip_weights(network, 0.01, kernels_only=False)
    assert all(parameter.abs().max() <= 0.01 for parameter in network.parameters())


def test_kernels_only_leaves_the_rest() -> None:
    network = critic()
    clip_weights(network, 0.01, kernels_only=True)
    kernels = {id(layer.weight) for layer in network.modules() if isinstance(layer, nn.Conv2d)}
    for parameter in network.parameters():
        assert parameter.abs().max() <= (0.01 if id(parameter) in kernels else 0.5)
        assert id(parameter) in kernels or parameter.min() == 0.5


def test_kernels_only_clips_the_dense_layers_of_a_network_without_kernels() -> None:
    network = critic("mlp")
    clip_weights(network, 0.01, kernels_only=True)
    assert all(layer.weight.abs().max() <= 0.01 for layer in network.modules() if isinstance(layer, nn.Linear))
