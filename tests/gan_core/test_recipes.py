"""The recipes: the values of the systems they reproduce, and that each trains on real pictures of its kind."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Losses, Samples
from gan_core.recipes import RECIPES, Recipe, configure, get
from gan_core.sampling import load
from gan_core.train import train
from tests.gan_core.conftest import Prepare

ORIGINALS: dict[str, dict[str, Any]] = {
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
    "pokemon-128": {
        "width": 128,
        "height": 128,
        "channels": "rgba",
        "discriminator_width": 32,
        "dense_head": 100,
        "latent_distribution": "uniform",
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 5e-5,
    },
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
        "warmup_discriminator_steps": 100,
        "conditional": False,
    },
    "steady": {
        "objective": "wasserstein",
        "penalty": "gradient",
        "penalty_weight": 10.0,
        "discriminator_steps": 5,
        "discriminator_batch_norm": False,
        "kernel_size": 5,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
        "beta1": 0.5,
        "beta2": 0.9,
    },
    "supervised": {
        "architecture": "resnet",
        "conditional": True,
        "class_method": "auxiliary",
        "auxiliary_weight": 1.0,
        "auxiliary_weight_generator": 1.0,
        "penalty": "gradient",
        "penalty_weight": 10.0,
        "beta1": 0.0,
        "beta2": 0.9,
        "generator_learning_rate": 1e-3,
        "schedule": "linear",
        "learning_rate_end": 0.0,
        "dequantise": True,
    },
    "few-shot": {
        "architecture": "fastgan",
        "objective": "hinge",
        "real_label_low": 0.8,
        "real_label_high": 1.0,
        "batch_size": 8,
        "latent_size": 256,
        "generator_learning_rate": 2e-4,
        "beta1": 0.5,
        "beta2": 0.999,
        "ema": 0.999,
        "augmentation": "diffaugment",
        "augment_colour": True,
        "augment_translation": True,
        "augment_cutout": False,
    },
    "modern": {
        "architecture": "r3gan",
        "objective": "relativistic",
        "penalty": "r1-r2",
        "penalty_interval": 1,
        "beta1": 0.0,
        "beta2": 0.99,
        "schedule": "cosine",
        "learning_rate_end": 0.25,
    },
    "style": {
        "architecture": "stylegan2",
        "objective": "non-saturating",
        "penalty": "r1",
        "penalty_interval": 16,
        "penalty_weight": None,
        "beta1": 0.0,
        "beta2": 0.99,
        "generator_learning_rate": 2.5e-3,
        "augmentation": "adaptive",
        "adaptive_target": 0.6,
    },
    "classic": {"architecture": "dcgan", "generator_learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "batch_size": 64, "latent_size": 100},
    "quick": {"width": 32, "height": 32},
}
for same, other in (("dogs-gan", "dogs"), ("satellite-128", "satellite"), ("satellite-128-wgan", "satellite-wgan")):
    ORIGINALS[same] = {name: value for name, value in ORIGINALS[other].items() if name not in ("conditional", "width", "height")}
for same in ("quick", "classic", "modern", "style"):
    ORIGINALS[f"{same}-classes"] = ORIGINALS[same] | {"conditional": True}
LITTLE = {"generator_width": 4, "discriminator_width": 4, "score_samples": 0}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_the_values_of_its_original(name: str) -> None:
    config = get(name).config.model_dump()
    assert {field: config[field] for field in ORIGINALS[name]} == ORIGINALS[name]


@pytest.mark.parametrize("name", [name for name in RECIPES if f"{name}-wgan" in RECIPES])
def test_the_twins_to_compare_differ_in_the_objective_alone(name: str) -> None:
    gan, wgan = get(name).config.model_dump(), get(f"{name}-wgan").config.model_dump()
    different = {field for field in gan if gan[field] != wgan[field]}
    optimisation = {"optimizer", "generator_learning_rate", "discriminator_learning_rate", "beta2"}
    assert different == optimisation | {"objective", "penalty", "clip_kernels_only", "discriminator_steps", "warmup_discriminator_steps"}


@pytest.mark.parametrize("name", [name for name in RECIPES if f"{name}-classes" in RECIPES])
def test_a_conditional_variant_differs_in_that_alone(name: str) -> None:
    assert get(f"{name}-classes").config == get(name).config.model_copy(update={"conditional": True})
    assert get(f"{name}-classes").needs_classes and not get(name).needs_classes


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_recipe_says_in_two_sentences_when_to_use_it_and_what_to_expect(recipe: Recipe) -> None:
    for sentence in (recipe.summary, recipe.expect):
        assert sentence[0].isupper() and sentence.endswith(".") and ". " not in sentence and len(sentence) < 120
    assert recipe.needs_classes == recipe.config.conditional
    assert all(note.endswith(".") for note in recipe.notes)


def test_the_catalogue_uses_every_architecture_but_the_first() -> None:
    assert {recipe.config.architecture for recipe in RECIPES.values()} == set(architectures.names()) - {"mlp"}


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


PRESETS = [name for name in RECIPES if name.split("-")[0] in ("quick", "classic", "few", "steady", "supervised", "modern", "style")]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_train_on_digits_and_on_sprites(name: str, digits: Path, sprites: Path, prepared: Prepare, tmp_path: Path) -> None:
    for source, channels in ((digits, 1), (sprites, 3)):
        changes = {"steps": 2, **LITTLE, "batch_size": 8, "width": 32, "height": 32}
        _, samples, last = run(configure(name, changes), source, prepared, tmp_path / source.stem)
        assert samples[-1].images.shape[1:] == (32, 32, channels)
        assert samples[-1].row_labels == (tuple(range(samples[-1].rows)) if get(name).needs_classes else ())
        assert load(last.weights).generate(1, seed=1).shape == (1, 32, 32, channels)


@pytest.mark.parametrize("name", ["few-shot", "modern", "style"])
def test_presets_train_at_their_own_size(name: str, dozen: Path, prepared: Prepare, tmp_path: Path) -> None:
    _, samples, _ = run(configure(name, {"steps": 1, **LITTLE, "batch_size": 4}), dozen, prepared, tmp_path)
    assert samples[-1].images.shape[1:] == (get(name).config.height, get(name).config.width, 3)


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
    config = configure("dogs-gan", {"steps": 2, **LITTLE, "batch_size": 16})
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
    config = configure(name, {"steps": 2, **LITTLE, "batch_size": 8})
    _, samples, _ = run(config, digits, prepared, tmp_path)
    assert samples[-1].images.shape == (64, 28, 28, 1)


@pytest.mark.parametrize("name", ["satellite-128", "satellite-128-wgan"])
def test_gan_and_wgan_train_on_colour_tiles_of_128_pixels(name: str, dozen: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure(name, {"steps": 1, **LITTLE, "batch_size": 2, "warmup_discriminator_steps": 0})
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
