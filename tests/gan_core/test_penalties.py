"""Weight clipping: what is clamped and what is not. Penalties on the slope: against finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.penalties import clip_weights, gradient_penalty, slope_penalty, usual_weight


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


SHAPE = (3, 2, 4, 4)


def judge() -> nn.Module:
    """A little smooth discriminator in double precision."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 1), nn.Flatten(0)).double()


def pictures(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slopes(network: Callable[[Tensor], Tensor], images: Tensor, step: float = 1e-5) -> Tensor:
    """(N, pixels): central differences of each picture's logit."""
    found = torch.zeros(len(images), images[0].numel(), dtype=torch.float64)
    with torch.no_grad():
        for pixel in range(images[0].numel()):
            push = torch.zeros(images[0].numel(), dtype=torch.float64)
            push[pixel] = step
            above, below = network(images + push.view(1, *images.shape[1:])), network(images - push.view(1, *images.shape[1:]))
            found[:, pixel] = (above - below).reshape(len(images), -1).mean(1) / (2 * step)
    return found


def test_r1_is_half_the_mean_squared_slope() -> None:
    network, images = judge(), pictures(1)
    expected = slopes(network, images).square().sum(1).mean() / 2
    assert torch.allclose(slope_penalty(network, images).double(), expected, rtol=1e-5)


def test_the_gradient_penalty_wants_slopes_of_one_between_real_and_fake() -> None:
    network, real, fake = judge(), pictures(1), pictures(2)
    torch.manual_seed(5)
    place = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    expected = (slopes(network, real + place * (fake - real)).norm(dim=1) - 1).square().mean()
    torch.manual_seed(5)
    assert torch.allclose(gradient_penalty(network, real, fake).double(), expected, rtol=1e-5)


def test_between_lies_on_the_line_from_real_to_fake() -> None:
    seen: list[Tensor] = []

    def watch(images: Tensor) -> Tensor:
        seen.append(images.detach())
        return images.flatten(1).sum(1)

    gradient_penalty(watch, torch.zeros(64, 1, 2, 2), torch.ones(64, 1, 2, 2))
    places = seen[0].flatten(1)
    assert (places == places[:, :1]).all() and places.min() >= 0 and places.max() <= 1
    assert places.std() > 0.2  # each pair at a place of its own


@pytest.mark.parametrize("kind", ["r1", "gradient"])
def test_the_discriminator_can_descend_the_penalty(kind: str) -> None:
    """Its derivative by a weight is that of the finite differences."""
    network = judge()
    weight = network[0].weight

    def penalty() -> Tensor:
        torch.manual_seed(5)
        return slope_penalty(network, pictures(1)) if kind == "r1" else gradient_penalty(network, pictures(1), pictures(2))

    (derivative,) = torch.autograd.grad(penalty(), weight)
    for place in ((0, 0, 0, 0), (2, 1, 1, 2)):
        values = []
        for step in (1e-3, -2e-3):
            with torch.no_grad():
                weight[place] += step
            values.append(penalty().item())
        with torch.no_grad():
            weight[place] += 1e-3
        assert abs((values[0] - values[1]) / 2e-3 - derivative[place].item()) < 1e-3


def test_a_picture_that_is_judged_in_many_places_has_their_mean_slope() -> None:
    def many(images: Tensor) -> Tensor:
        return images.flatten(1) * 3.0  # sixteen places, each with the slope 3 in one pixel

    images = torch.randn(2, 1, 4, 4)
    assert torch.allclose(slope_penalty(many, images), torch.tensor(16 * (3 / 16) ** 2 / 2))


def test_usual_weights_are_the_published_ones() -> None:
    assert usual_weight("gradient", 64 * 64, 64) == 10
    assert abs(usual_weight("r1", 256 * 256, 16) - 0.8192) < 1e-6
    assert usual_weight("r1-r2", 64 * 64, 64) == 2
    assert abs(usual_weight("r1-r2", 256 * 256, 64) - 150) < 2
    assert usual_weight("r1-r2", 16 * 16, 64) == 2
