"""Every architecture at every size, colour and conditioning: what the loop, the sampler and the portal rely on."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core import architectures
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.export import WeightsMeta, save_weights
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.sampling import load, render, seeded_latents

SIZES = [(16, 16), (28, 28), (64, 64), (75, 100), (300, 300)]
CPU = torch.device("cpu")
CASES = [
    pytest.param((name, size, channels, classes), id=f"{name}-{size[0]}x{size[1]}-{channels}-{classes or 'unlabelled'}")
    for name, size, channels, classes in itertools.product(architectures.names(), SIZES, (1, 3, 4), (0, 3))
    if max(size) <= architectures.describe(name).max_size
]


def small(name: str, size: tuple[int, int], **values: object) -> TrainConfig:
    base = {"steps": 1, "architecture": name, "width": size[0], "height": size[1], "generator_width": 4, "discriminator_width": 4, "latent_size": 8}
    return TrainConfig.model_validate({**base, "batch_size": 4, **values})


def noise(config: TrainConfig, channels: int, classes: int) -> ImageStore:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6, config.height, config.width, channels), dtype=np.uint8)
    return ImageStore(images, np.arange(6) % classes if classes else None, tuple("abc"[:classes]))  # type: ignore[arg-type]


@pytest.fixture(params=CASES)
def players(request: pytest.FixtureRequest) -> tuple[Players, ImageStore, int, int]:
    name, size, channels, classes = request.param
    config = small(name, size, conditional=bool(classes))
    return Players(config, channels, classes, CPU), noise(config, channels, classes), channels, classes


Case = tuple[Players, ImageStore, int, int]


def batch(players: Players, classes: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Latents and labels of four pictures."""
    return torch.randn(4, players.config.latent_size), torch.tensor([0, 1, 2, 0]) if classes else None


def test_networks_give_pictures_and_logits_with_finite_gradients(players: Case) -> None:
    pair, _, channels, classes = players
    latents, labels = batch(pair, classes)
    drawn = pair.generator(latents, labels)
    assert drawn.shape == (4, channels, pair.config.height, pair.config.width)
    assert drawn.min() >= -1 and drawn.max() <= 1
    logits = pair.discriminator(drawn, labels)
    assert logits.shape == (4,)
    logits.sum().backward()
    for parameter in [*pair.generator.parameters(), *pair.discriminator.parameters()]:
        assert parameter.grad is not None and parameter.grad.isfinite().all()


def test_one_step_changes_both_networks(players: Case) -> None:
    pair, images, _, _ = players
    networks = (pair.generator, pair.discriminator)
    before = [[parameter.detach().clone() for parameter in network.parameters()] for network in networks]
    losses = pair.step(1, Batches(pair.config, images, CPU))
    assert all(loss.isfinite() for loss in losses)
    for network, old in zip(networks, before, strict=True):
        assert any(not torch.equal(parameter, was) for parameter, was in zip(network.parameters(), old, strict=True))
        assert all(parameter.isfinite().all() for parameter in network.parameters())


def test_the_exported_generator_draws_the_same(players: Case, tmp_path: Path) -> None:
    pair, images, channels, classes = players
    config, path = pair.config, tmp_path / "weights.safetensors"
    save_weights(pair.generator, config, path, WeightsMeta(channels, images.class_names, 1, len(images)))
    reloaded = load(path)
    assert (reloaded.channels, reloaded.class_names, reloaded.step, reloaded.config) == (channels, images.class_names, 1, config)
    turns = torch.arange(3) % classes if classes else None
    expected = render(pair.generator, config, seeded_latents(config, 3, seed=5), turns, CPU)
    assert np.array_equal(reloaded.generate(3, seed=5), expected)


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("size", [(16, 512), (17, 33), (101, 99), (96, 64)])
def test_dcgan_meets_odd_sizes_with_every_kernel(size: tuple[int, int], kernel: int) -> None:
    config = small("dcgan", size, kernel_size=kernel)
    pair = Players(config, 3, 0, CPU)
    drawn = pair.generator(torch.randn(2, 8))
    assert drawn.shape == (2, 3, size[1], size[0])
    assert pair.discriminator(drawn).shape == (2,)


def test_the_class_changes_picture_and_verdict() -> None:
    for name in architectures.names():
        pair = Players(small(name, (16, 16), conditional=True), 3, 2, CPU)
        latents = torch.randn(1, 8).repeat(2, 1)
        pair.generator.eval()
        one, other = pair.generator(latents, torch.tensor([0, 1]))
        assert not torch.equal(one, other)
        verdicts = pair.discriminator(one.expand(2, -1, -1, -1), torch.tensor([0, 1]))
        assert verdicts[0] != verdicts[1]


def test_dense_head_and_dropout_are_built() -> None:
    for name in architectures.names():
        plain = Players(small(name, (16, 16)), 1, 0, CPU).discriminator
        rich = Players(small(name, (16, 16), dense_head=10, dropout=0.5), 1, 0, CPU).discriminator
        assert any(layer.out_features == 10 for layer in rich.modules() if isinstance(layer, torch.nn.Linear))
        image = torch.rand(2, 1, 16, 16)
        assert torch.equal(plain(image), plain(image))
        assert not torch.equal(rich(image), rich(image))


def test_dcgan_has_the_layers_of_the_paper() -> None:
    dcgan = architectures.load("dcgan")
    config = TrainConfig(steps=1)
    generator, discriminator = dcgan.Generator(config, 3), dcgan.Discriminator(config, 3)
    grown = [layer.weight.shape[:2] for layer in generator.modules() if isinstance(layer, torch.nn.ConvTranspose2d)]
    shrunk = [layer.weight.shape[:2] for layer in discriminator.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert grown == [(512, 256), (256, 128), (128, 64), (64, 3)]
    assert shrunk == [(64, 3), (128, 64), (256, 128), (512, 256)]
    assert generator.base == (512, 4, 4)
    kernels = torch.cat([layer.weight.detach().flatten() for layer in discriminator.modules() if isinstance(layer, torch.nn.Conv2d)])
    assert abs(kernels.std().item() - 0.02) < 1e-3 and abs(kernels.mean().item()) < 1e-3


def test_mlp_has_the_usual_units() -> None:
    mlp = architectures.load("mlp")
    config = TrainConfig(steps=1, architecture="mlp", width=28, height=28)
    units = [layer.out_features for layer in mlp.Generator(config, 1).modules() if isinstance(layer, torch.nn.Linear)]
    assert units == [128, 256, 512, 1024, 784]
    units = [layer.out_features for layer in mlp.Discriminator(config, 1).modules() if isinstance(layer, torch.nn.Linear)]
    assert units == [512, 512, 1]
