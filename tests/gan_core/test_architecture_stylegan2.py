"""StyleGAN2: styles, noise, demodulation, equal learning rates and the spread of a batch."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu

from gan_core.architectures.stylegan2 import Discriminator, Generator, Modulated, Show, spread
from gan_core.config import TrainConfig
from gan_core.equalised import Convolution, Dense
from gan_core.resample import Enlarge
from tests.gan_core.slopes import slope_error


def small(**values: object) -> TrainConfig:
    base = {"steps": 1, "architecture": "stylegan2", "width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8}
    return TrainConfig.model_validate({**base, **values})


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_parameters_are_those_one_counts_by_hand() -> None:
    generator, discriminator = Generator(small(), 3), Discriminator(small(), 3)
    maps = 16 * 4 * 4  # the learnt base
    mapping = 2 * (8 * 8 + 8)
    convolutions = sum(before * after * 9 + after + 1 for before, after in ((16, 16), (16, 8), (8, 8), (8, 4), (4, 4)))
    colours = sum(3 * width + 3 for width in (16, 8, 4))
    affine = (8 + 1) * (16 + 16 + 16 + 8 + 8 + 8 + 4 + 4)
    assert parameters(generator) == maps + mapping + convolutions + colours + affine == 5722
    stages = sum(a * a * 9 + a + a * b * 9 + b + a * b for a, b in ((4, 8), (8, 16)))
    end = 17 * 16 * 9 + 16 + 16 * 16 * 16 + 16 + 16 + 1
    assert parameters(discriminator) == 3 * 4 + 4 + stages + end == 8965


def test_weights_start_at_unit_variance_and_layers_keep_it() -> None:
    dense, convolve = Dense(300, 200), Convolution(32, 64, 3)
    for layer, inputs in ((dense, torch.randn(100, 300)), (convolve, torch.randn(8, 32, 20, 20))):
        assert abs(layer.weight.std().item() - 1) < 0.05
        assert abs(layer(inputs)[..., 1:-1].std().item() - 1) < 0.1
    verdict = Discriminator(small(discriminator_width=64), 3).verdict
    assert abs(verdict.linear.weight.std().item() - 1) < 0.2
    slow = Dense(300, 200, rate=0.01)
    assert abs(slow.weight.std().item() - 100) < 5
    assert abs(slow(torch.randn(100, 300)).std().item() - 1) < 0.1


def test_demodulation_gives_unit_variance_whatever_the_style() -> None:
    layer = Modulated(32, 64)
    maps = torch.randn(8, 32, 20, 20)
    style = torch.randn(8, 32) * torch.logspace(-2, 2, 8)[:, None]
    steered = layer(maps, style, None)[:, :, 1:-1, 1:-1]
    before = torch.where(steered > 0, steered, steered / 0.2) / math.sqrt(2)  # the leaky ReLU undone
    assert (before.std(dim=(1, 2, 3)) - 1).abs().max() < 0.15


def test_modulation_equals_weights_of_each_picture() -> None:
    layer = Modulated(3, 5, Enlarge((8, 8), (4, 4))).double()
    nn.init.normal_(layer.bias)
    maps, style = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    for index in range(2):
        weight = layer.weight * style[index, None, :, None, None]
        weight = weight / weight.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
        convolved = layer.enlarge(conv2d(maps[index : index + 1], weight, padding=1)) + layer.bias[:, None, None]
        expected = leaky_relu(convolved, 0.2) * math.sqrt(2)
        assert torch.allclose(layer(maps, style, None)[index : index + 1], expected, atol=1e-6)


def test_colours_are_a_convolution_of_one_pixel_with_scaled_weights() -> None:
    show, maps, style = Show(6, 3), torch.randn(2, 6, 4, 5), torch.randn(2, 6)
    expected = conv2d(maps * style[:, :, None, None], show.weight[:, :, None, None] / math.sqrt(6))
    assert torch.allclose(show(maps, style), expected, atol=1e-6)


@pytest.mark.parametrize("classes", [0, 3])
def test_forward_is_style_then_draw_and_the_size_of_a_latent_does_not_matter(classes: int) -> None:
    generator = Generator(small(), 3, classes)
    latents, noise = torch.randn(3, 8), torch.randn(3, generator.noise_size)
    labels = torch.tensor([0, 2, 1]) if classes else None
    styles = generator.style(latents, labels)
    assert styles.shape == (3, 8)
    assert torch.equal(generator.draw(styles, noise), generator(latents, labels, noise))
    assert torch.allclose(generator(5 * latents, labels), generator(latents, labels), atol=1e-4)


def test_truncation_moves_pictures_to_the_mean_style() -> None:
    generator = Generator(small(), 3).eval()
    styles = generator.style(torch.randn(6, 8))
    mean = styles.mean(dim=0, keepdim=True)
    differences = [generator.draw(mean + share * (styles - mean)).std(dim=0).mean().item() for share in (0.0, 0.5, 1.0)]
    assert differences[0] < 1e-6 < differences[1] < differences[2]


def test_noise_has_no_effect_until_its_strength_is_learnt() -> None:
    generator = Generator(small(), 1).eval()
    assert generator.noise_size == 4 * 4 + 2 * 8 * 8 + 2 * 16 * 16
    latents, noise = torch.randn(2, 8), torch.randn(2, generator.noise_size)
    assert torch.equal(generator(latents, None, noise), generator(latents))
    with torch.no_grad():
        generator.stages[-1].convolutions[-1].strength.fill_(1.0)
    assert not torch.allclose(generator(latents, None, noise), generator(latents))
    assert torch.equal(generator(latents, None, torch.zeros_like(noise)), generator(latents))
    last = noise.clone()
    last[:, -1] += 1  # the last pixel of the last convolution
    changed = (generator(latents, None, last) != generator(latents, None, noise)).nonzero()
    assert changed[:, 2:].unique(dim=0).tolist() == [[15, 15]]


def pictures(*values: float) -> Tensor:
    """(N, 2, 3, 3), each of one colour."""
    return torch.tensor(values)[:, None, None, None].expand(-1, 2, 3, 3).clone()


def test_spread_is_the_deviation_within_each_group() -> None:
    assert torch.allclose(spread(pictures(0, 0, 2, 2)), torch.ones(4), atol=1e-3)
    assert torch.allclose(spread(pictures(0, 1, 0, 1, 4, 1, 4, 1)), torch.tensor([2.0, 0.0] * 4), atol=1e-3)  # every second one is a group
    assert torch.allclose(spread(pictures(1, 0, 1, 3, 1, 0)), torch.tensor([0.0, math.sqrt(2)] * 3), atol=1e-3)  # two groups of three
    assert torch.allclose(spread(pictures(7)), torch.zeros(1), atol=1e-3)


def test_spread_takes_the_mean_over_places() -> None:
    maps = pictures(0, 0)
    maps[1, 0, 0, 0] = 18  # a deviation of 9 in one of 18 places
    assert torch.allclose(spread(maps), torch.full((2,), 0.5), atol=1e-3)


def test_the_discriminator_sees_sameness() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(small(), 3)
    images = torch.rand(4, 3, 16, 16) * 2 - 1
    among_others, among_equals = discriminator(images).logits, discriminator(images[:1].expand(4, -1, -1, -1)).logits
    assert torch.allclose(among_equals, among_equals[0].expand(4))
    assert abs(among_others[0] - among_equals[0]) > 1e-4


@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_the_slope_differentiates_as_finite_differences_do(count: int) -> None:
    assert slope_error(Discriminator(small(), 1, 3).double(), torch.rand(count, 1, 16, 16).double(), torch.arange(count) % 3) < 1e-4


@pytest.mark.parametrize("format", [torch.bfloat16, torch.float16])
def test_low_precision_stays_finite_at_large_weights(format: torch.dtype) -> None:
    generator = Generator(small(), 3)
    with torch.no_grad():
        generator.affine.bias.fill_(3e4)
        for stage in generator.stages:
            stage.show.weight *= 1e-4
            for convolve in stage.convolutions:
                convolve.weight *= 100
    with torch.autocast("cpu", dtype=format):
        drawn = generator(torch.randn(2, 8), None, torch.randn(2, generator.noise_size))
    drawn.float().sum().backward()
    assert drawn.isfinite().all()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in generator.parameters())
