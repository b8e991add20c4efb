"""The recipes: the values of the systems they reproduce, and that each trains on real pictures of its kind."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Losses, Samples
from gan_core.recipes import RECIPES, configure, get
from gan_core.sampling import load
from gan_core.train import train
from tests.gan_core.conftest import Prepare

ORIGINALS: Mapping[str, dict[str, Any]] = {
    "simpsons": {
        "architecture": "dcgan",
        "invert_labels": True,
        "real_label_low": 0.7,
        "real_label_high": 1.2,
        "fake_label_low": 0.0,
        "fake_label_high": 0.3,
        "flip_labels": 0.05,
        "kernel_size": 5,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "batch_size": 32,
        "epochs": 350,
    },
    "pokemon": {
        "width": 64,
        "height": 64,
        "channels": "rgba",
        "latent_distribution": "uniform",
        "latent_size": 100,
        "generator_width": 64,
        "discriminator_width": 32,
        "dense_head": 100,
        "batch_size": 64,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "beta1": 0.5,
    },
    "pokemon-128": {"width": 128, "height": 128, "channels": "rgba", "discriminator_width": 32, "dense_head": 100, "latent_distribution": "uniform"},
    "dogs": {"width": 64, "height": 64, "conditional": True},
    "portraits": {"width": 300, "height": 300, "batch_size": 5, "steps": 20_000, "epochs": None, "architecture": "dcgan"},
    "satellite": {"width": 28, "height": 28, "objective": "non-saturating", "conditional": False},
    "satellite-wgan": {
        "width": 28,
        "height": 28,
        "objective": "wasserstein",
        "penalty": "clip",
        "clip_value": 0.01,
        "clip_kernels_only": True,
        "optimizer": "rmsprop",
        "generator_learning_rate": 5e-5,
        "discriminator_learning_rate": 5e-5,
        "discriminator_steps": 5,
        "conditional": False,
    },
}
LITTLE = {"generator_width": 4, "discriminator_width": 4}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_the_values_of_its_original(name: str) -> None:
    config = get(name).config.model_dump()
    assert {field: config[field] for field in ORIGINALS[name]} == ORIGINALS[name]


def test_the_twins_to_compare_differ_in_the_objective_alone() -> None:
    gan, wgan = get("satellite").config, get("satellite-wgan").config
    same = {"seed", "architecture", "width", "height", "steps", "batch_size", "generator_width", "discriminator_width", "kernel_size", "latent_size"}
    assert gan.model_dump(include=same) == wgan.model_dump(include=same)


def test_sprites_discriminators_have_the_layers_of_the_original() -> None:
    from torch import nn

    from gan_core.architectures.dcgan import Discriminator, Generator

    large = get("pokemon-128").config
    layers = list(Discriminator(large, 4).modules())
    assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == [32, 64, 128, 256, 512]
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [100, 1]
    assert any(isinstance(layer, nn.Sigmoid) for layer in layers)
    small = Generator(get("pokemon").config, 4)
    assert small.base == (512, 4, 4)
    assert [layer.out_channels for layer in small.modules() if isinstance(layer, nn.ConvTranspose2d)] == [256, 128, 64, 4]


def run(config: TrainConfig, source: Path, prepared: Prepare, directory: Path) -> tuple[list[Losses], list[Samples], Checkpoint]:
    events = list(train(config, prepared(source, config), directory, device="cpu"))
    losses = [event for event in events if isinstance(event, Losses)]
    samples = [event for event in events if isinstance(event, Samples)]
    assert isinstance(events[-1], Checkpoint)
    assert [point.step for point in losses] == list(range(1, (config.steps or 0) + 1))
    assert {sheet.images.shape[1:3] for sheet in samples} == {(config.height, config.width)}
    return losses, samples, events[-1]


def test_cartoon_faces_train_on_sprites(sprites: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("simpsons", {"steps": 3, **LITTLE})
    _, samples, _ = run(config, sprites, prepared, tmp_path)
    assert samples[-1].images.shape == (64, 64, 64, 3)


@pytest.mark.parametrize("name", ["pokemon", "pokemon-128"])
def test_sprites_train_with_their_transparency(name: str, sprites: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure(name, {"steps": 2, **LITTLE, "batch_size": 16})
    images = prepared(sprites, config).images
    assert images.shape[3] == 4 and images[..., 3].min() == 0 and images[..., 3].max() == 255
    _, _, last = run(config, sprites, prepared, tmp_path)
    assert load(last.weights).generate(2, seed=1).shape == (2, config.height, config.width, 4)


@pytest.mark.parametrize("archive", ["sprites", "digits"])
def test_labelled_pictures_train_by_class(archive: str, prepared: Prepare, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    config = configure("dogs", {"steps": 2, **LITTLE, "batch_size": 16})
    source: Path = request.getfixturevalue(archive)
    _, samples, last = run(config, source, prepared, tmp_path)
    generator = load(last.weights)
    assert samples[-1].rows == len(generator.class_names) >= 2
    assert not (generator.generate(1, seed=0, label=0) == generator.generate(1, seed=0, label=generator.class_names[1])).all()


def test_labelled_pictures_train_without_their_classes(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("dogs", {"steps": 2, **LITTLE, "batch_size": 16, "conditional": False})
    _, samples, _ = run(config, digits, prepared, tmp_path)
    assert (samples[-1].columns, samples[-1].rows) == (8, 8)


def test_a_dozen_portraits_train_at_300_pixels(dozen: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("portraits", {"steps": 3, **LITTLE})
    _, samples, last = run(config, dozen, prepared, tmp_path)
    assert samples[-1].images.shape == (16, 300, 300, 3)
    assert samples[-1].epoch == 3 * 5 / 12
    assert last.weights.exists()


def test_a_batch_may_be_larger_than_the_dozen(dozen: Path, prepared: Prepare, tmp_path: Path) -> None:
    run(configure("portraits", {"steps": 1, **LITTLE, "width": 32, "height": 24, "batch_size": 40}), dozen, prepared, tmp_path)


@pytest.mark.parametrize("name", ["satellite", "satellite-wgan"])
def test_gan_and_wgan_train_on_digits(name: str, digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure(name, {"steps": 3, **LITTLE})
    _, samples, _ = run(config, digits, prepared, tmp_path)
    assert samples[-1].images.shape == (64, 28, 28, 1)


def test_wgan_trains_on_tiles_of_128_pixels(dozen: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("satellite-wgan", {"steps": 2, **LITTLE, "width": 128, "height": 128, "batch_size": 4})
    _, samples, _ = run(config, dozen, prepared, tmp_path)
    assert samples[-1].images.shape[1:] == (128, 128, 3)


def test_steps_take_the_place_of_epochs_and_the_reverse() -> None:
    assert (configure("simpsons", {"steps": 200}).steps, configure("simpsons", {"steps": 200}).epochs) == (200, None)
    assert (configure("dogs", {"epochs": 7}).steps, configure("dogs", {"epochs": 7}).epochs) == (None, 7)
    assert configure("dogs", {"epochs": 7, "steps": None}).epochs == 7


def test_steps_and_epochs_together_are_refused() -> None:
    with pytest.raises(ValidationError):
        configure("simpsons", {"steps": 5, "epochs": 5})


def test_an_unknown_recipe_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        configure("bananas", {})


def test_without_a_recipe_the_defaults_count() -> None:
    assert configure(None, {"steps": 9}) == TrainConfig(steps=9)
