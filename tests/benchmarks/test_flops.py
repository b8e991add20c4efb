"""Operations of a step are counted as one would on paper."""

import pytest
import torch
from torch import nn

from benchmarks.training import plain_torch
from benchmarks.training.flops import Counter, an_image
from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.recipes import configure


@pytest.mark.parametrize("groups", (1, 4))
@pytest.mark.parametrize("transposed", (False, True))
def test_a_convolution_and_its_gradients_cost_the_same_each(groups: int, transposed: bool) -> None:
    build = nn.ConvTranspose2d if transposed else nn.Conv2d
    convolve = build(8, 16, 4, 2, 1, groups=groups)
    maps = torch.randn(3, 8, 12, 12, requires_grad=True)
    with Counter() as counter:
        convolved = convolve(maps)
    places = 12 * 12 if transposed else 6 * 6
    assert counter.operations == 2 * 3 * places * 8 * 16 * 4 * 4 // groups
    with Counter() as gradients:
        convolved.sum().backward()
    assert gradients.operations == 2 * counter.operations
    with Counter() as frozen:
        torch.autograd.grad(convolve(maps).sum(), maps)
    assert frozen.operations == 2 * counter.operations, "forward, and one gradient"


def test_matrix_products_are_counted_wherever_they_come_from() -> None:
    with Counter() as counter:
        nn.Linear(5, 7)(torch.randn(2, 5))
        torch.randn(3, 2, 5) @ torch.randn(3, 5, 7)
    assert counter.operations == 2 * 2 * 5 * 7 * (1 + 3)


def test_the_classic_network_costs_what_its_layers_say() -> None:
    """Three times the generator and eight times the discriminator, which is frozen in the generator's step, less the gradients for pictures
    and latents that nobody asks for."""
    config = TrainConfig.model_validate({"steps": 10, "augmentation": "none"})
    blocks = 3 * 16 * 64 * 128 * 16**2  # multiplications of each of the three layers between
    ends = 3 * 16 * 64 * 32**2
    last = 16 * 512
    generator, discriminator = blocks + ends + 100 * last, blocks + ends + last
    unneeded = 100 * last + 2 * ends  # the generator's latents, the discriminator's real and drawn pictures in its own step
    assert an_image(config, 3) == pytest.approx(2 * (3 * generator + 8 * discriminator - unneeded), rel=1e-9)


def test_a_lazy_penalty_costs_its_share() -> None:
    small = {"steps": 10, "width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8, "augmentation": "none"}
    costs = {interval: an_image(configure("style", {**small, "penalty_interval": interval}), 3) for interval in (1, 4)}
    without = an_image(configure("style", {**small, "penalty": "none", "penalty_interval": 1}), 3)
    assert costs[4] - without == pytest.approx((costs[1] - without) / 4)


@pytest.mark.parametrize("size", (64, 128))
def test_the_plain_program_has_our_network(size: int) -> None:
    """The same products, layer by layer summed; gan_core has a few biases more."""
    config = TrainConfig.model_validate({"steps": 10, "width": size, "height": size})
    family = architectures.load("dcgan")
    with torch.device("meta"):
        latents, pictures = torch.empty(2, 100), torch.empty(2, 3, size, size)
        pairs = (
            (family.Generator(config, 3), latents, plain_torch.generator(size), latents[:, :, None, None]),
            (family.Discriminator(config, 3), pictures, plain_torch.discriminator(size), pictures),
        )
    for ours, given, plain, given_plain in pairs:
        with torch.no_grad(), Counter() as one:
            ours(given)
        with torch.no_grad(), Counter() as other:
            plain(given_plain)
        assert one.operations == other.operations > 0
