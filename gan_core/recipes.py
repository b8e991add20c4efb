"""The recipes: named, complete configurations. Torch-free; adding one is adding one entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_core.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Recipe:
    """A configuration with a name, and two sentences for the person who chooses."""

    name: str
    title: str
    summary: str
    config: TrainConfig
    needs_classes: bool = False
    """Unsuitable for datasets without at least two classes."""
    notes: tuple[str, ...] = field(default=())
    """Deliberate differences from the system it reproduces."""


MEAN = "Samples and weights come from a running mean of the generator; the original shows the generator itself. EMA decay 0 does so too."
ORDER = "Pictures come in shuffled passes over the whole dataset rather than drawn anew for each step, so none is left out."

_RECIPES = (
    Recipe(
        "simpsons",
        "Cartoon faces",
        "Classic DCGAN with the tricks that made cartoon faces work: inverted and smoothed labels, 5×5 filters.",
        TrainConfig(
            epochs=350,
            channels="rgb",
            batch_size=32,
            kernel_size=5,
            invert_labels=True,
            real_label_low=0.7,
            real_label_high=1.2,
            fake_label_low=0.0,
            fake_label_high=0.3,
            flip_labels=0.05,
        ),
        notes=(
            MEAN,
            "The generator is always scored against the exact label of real pictures; only the discriminator sees smoothed and swapped ones.",
        ),
    ),
    Recipe(
        "pokemon",
        "Sprites",
        "Small drawings with transparency. Keeps the see-through background as a fourth channel.",
        TrainConfig(steps=10_000, channels="rgba", latent_distribution="uniform", discriminator_width=32, dense_head=100),
        notes=(
            MEAN,
            "The original lets a discriminator for 128 pixels judge 64-pixel pictures. Here both are 64 pixels, so its convolutions are "
            "32, 64, 128 and 256 wide; the 128-pixel twin has the fifth, 512.",
            "Transparency is learnt as a fourth channel. Choose RGB to put the sprites on a plain background instead.",
        ),
    ),
    Recipe(
        "pokemon-128",
        "Large sprites",
        "The sprites recipe at 128 pixels, with transparency. About four times slower.",
        TrainConfig(
            steps=10_000,
            width=128,
            height=128,
            channels="rgba",
            latent_distribution="uniform",
            generator_width=32,
            discriminator_width=32,
            dense_head=100,
        ),
        notes=(
            MEAN,
            "The original's generator ends at 64 pixels; here one more layer of 32 channels takes it to the 128 pixels of its discriminator.",
        ),
    ),
    Recipe(
        "dogs",
        "Labelled photos",
        "Learns each folder as a class, so you can ask for the one you want.",
        TrainConfig(steps=30_000, channels="rgb", conditional=True, mirror=True),
        needs_classes=True,
        notes=(
            MEAN,
            "Untick “Learn the classes” for the plain GAN of the same size.",
            "Pictures are cropped in their middle; cutting them out by annotated boxes is not possible yet.",
            "The contest's score (MiFID) is not computed yet.",
        ),
    ),
    Recipe(
        "portraits",
        "A dozen portraits",
        "For very few pictures of any size. Twenty thousand short steps of five pictures each.",
        TrainConfig(steps=20_000, width=300, height=300, channels="rgb", batch_size=5, generator_width=32, discriminator_width=32),
        notes=(MEAN, ORDER, "Networks of half the usual width: a dozen pictures need no more, and 300 pixels cost twenty times as much as 64."),
    ),
    Recipe(
        "satellite",
        "Compare losses: GAN",
        "A plain GAN on digits or map tiles. Launch its WGAN twin too, with the same seed, and compare the curves.",
        TrainConfig(steps=5_000, width=28, height=28),
        notes=(MEAN, "For satellite tiles set width and height to 128. Classes are left unused unless you tick “Learn the classes”."),
    ),
    Recipe(
        "satellite-wgan",
        "Compare losses: WGAN",
        "The same networks with the Wasserstein objective: no saturation, clipped weights, a loss that means something.",
        TrainConfig(
            steps=5_000,
            width=28,
            height=28,
            objective="wasserstein",
            penalty="clip",
            clip_value=0.01,
            clip_kernels_only=True,
            optimizer="rmsprop",
            generator_learning_rate=5e-5,
            discriminator_learning_rate=5e-5,
            beta2=0.99,
            discriminator_steps=5,
        ),
        notes=(
            MEAN,
            "Five discriminator steps throughout. The paper's code takes a hundred during the first 25 generator steps and at every 500th, "
            "which delays the first pictures and changes little afterwards.",
            "For satellite tiles set width and height to 128.",
        ),
    ),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _RECIPES}


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        KeyError: there is none.
    """
    return RECIPES[name]


def configure(recipe: str | None, changes: Mapping[str, Any]) -> TrainConfig:
    """A recipe's configuration (the defaults, if None) with some fields changed. Setting steps drops the recipe's epochs, and the reverse.

    Raises:
        KeyError: there is no such recipe.
        pydantic.ValidationError: the changes are wrong, alone or together.
    """
    values: dict[str, Any] = get(recipe).config.model_dump() if recipe else {}
    for given, other in (("steps", "epochs"), ("epochs", "steps")):
        if changes.get(given) is not None and changes.get(other) is None:
            values[other] = None
    return TrainConfig.model_validate({**values, **changes})
