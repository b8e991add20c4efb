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
    """When to use it, as one sentence."""
    expect: str
    """What to expect of it, as one sentence."""
    config: TrainConfig
    needs_classes: bool = False
    """Unsuitable for datasets without at least two classes."""
    notes: tuple[str, ...] = field(default=())
    """Deliberate differences from the system or paper it reproduces."""


MEAN = "Samples and weights come from a running mean of the generator; the original shows the generator itself. EMA decay 0 does so too."
ORDER = "Pictures come in shuffled passes over the whole dataset rather than drawn anew for each step, so none is left out."
NARROW = "Narrower networks than the paper's, so that a small machine can train them. Double the widths on a large GPU."

# The presets: what Ganvas recommends for a kind of dataset and machine.

QUICK = {"steps": 4_000, "width": 32, "height": 32, "batch_size": 32, "generator_width": 32, "discriminator_width": 32}

CLASSIC = {"steps": 20_000, "augmentation": "auto"}

# Gulrajani et al. 2017, gan_cifar.py of its code: no normalisation in the critic, 5 x 5 kernels
STEADY: dict[str, Any] = {
    "steps": 20_000,
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
    "latent_size": 128,
    "ema": 0.999,
}

# Gulrajani et al. 2017, gan_cifar_resnet.py of its code
SUPERVISED: dict[str, Any] = {
    "steps": 50_000,
    "width": 32,
    "height": 32,
    "architecture": "resnet",
    "generator_width": 32,
    "discriminator_width": 32,
    "conditional": True,
    "class_method": "auxiliary",
    "auxiliary_weight": 1.0,
    "auxiliary_weight_generator": 0.1,
    "objective": "wasserstein",
    "penalty": "gradient",
    "penalty_weight": 10.0,
    "discriminator_steps": 5,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
    "beta1": 0.0,
    "beta2": 0.9,
    "schedule": "linear",
    "learning_rate_end": 0.0,
    "latent_size": 128,
    "dequantise": True,
    "ema": 0.999,
}

# Liu et al. 2021
FEW_SHOT: dict[str, Any] = {
    "steps": 20_000,
    "width": 128,
    "height": 128,
    "architecture": "fastgan",
    "generator_width": 32,
    "discriminator_width": 32,
    "objective": "hinge",
    "real_label_low": 0.8,
    "fake_label_high": 0.2,
    "batch_size": 8,
    "latent_size": 256,
    "augmentation": "diffaugment",
    "augment_cutout": False,
    "mirror": True,
    "ema": 0.999,
}

# Huang et al. 2024
MODERN: dict[str, Any] = {
    "steps": 50_000,
    "architecture": "r3gan",
    "generator_width": 32,
    "discriminator_width": 32,
    "objective": "relativistic",
    "penalty": "r1-r2",
    "beta1": 0.0,
    "beta2": 0.9,
    "beta2_end": 0.99,
    "schedule": "cosine",
    "schedule_share": 0.25,
    "learning_rate_end": 0.25,
    "penalty_end": 0.1,
    "latent_size": 64,
    "ema": 0.999,
    "mirror": True,
}

# Karras et al. 2020, both papers; the optimiser's values are those of regularisation at every 16th step
STYLE: dict[str, Any] = {
    "steps": 50_000,
    "architecture": "stylegan2",
    "generator_width": 32,
    "discriminator_width": 32,
    "objective": "non-saturating",
    "penalty": "r1",
    "penalty_interval": 16,
    "batch_size": 32,
    "generator_learning_rate": 2.5e-3,
    "discriminator_learning_rate": 2.35e-3,
    "beta1": 0.0,
    "beta2": 0.99,
    "latent_size": 512,
    "augmentation": "adaptive",
    "ema": 0.998,
    "mirror": True,
}

BY_CLASS = {"conditional": True}


_PRESETS = (
    Recipe(
        "quick",
        "First pictures in minutes",
        "Take it first, to see whether your pictures work at all, also without a GPU.",
        "Small pictures that you can recognise within two minutes; they stay rough.",
        TrainConfig.model_validate(QUICK),
    ),
    Recipe(
        "quick-classes",
        "First pictures of each class",
        "The quick start for pictures sorted into folders.",
        "Rough little pictures within minutes, one row for each folder.",
        TrainConfig.model_validate(QUICK | BY_CLASS),
        needs_classes=True,
    ),
    Recipe(
        "classic",
        "The classic",
        "A sound choice for some thousand pictures of one kind, on any machine.",
        "Clear shapes and colours within an hour; fine details stay soft.",
        TrainConfig.model_validate(CLASSIC),
        notes=("DiffAugment is on below 5000 pictures; the paper had none.", MEAN),
    ),
    Recipe(
        "classic-classes",
        "The classic, by class",
        "The classic for pictures sorted into folders.",
        "Clear shapes within an hour, and you can ask for the class you want.",
        TrainConfig.model_validate(CLASSIC | BY_CLASS),
        needs_classes=True,
        notes=("The discriminator compares the class by projection rather than seeing it beside the picture.", MEAN),
    ),
    Recipe(
        "few-shot",
        "Learns from few pictures",
        "For 40 to a few hundred pictures of one thing: one face, one plant, one style.",
        "Varied, sharp pictures after some hours on a GPU; it remixes what it has seen.",
        TrainConfig.model_validate(FEW_SHOT),
        notes=(
            "Reconstruction is scored by absolute difference and structural similarity; the paper uses LPIPS, which needs another network's weights.",
            NARROW,
        ),
    ),
    Recipe(
        "steady",
        "Slow and steady",
        "When other recipes collapse to a few pictures or swing to and fro.",
        "A curve that falls steadily and all the variety of your pictures, at a third of the speed.",
        TrainConfig.model_validate(STEADY),
    ),
    Recipe(
        "supervised",
        "Learns with your labels",
        "For many pictures in evenly filled folders, small as in CIFAR-10.",
        "Labels make the pictures better and every row a class; it takes a day on a GPU for the best.",
        TrainConfig.model_validate(SUPERVISED),
        needs_classes=True,
        notes=(
            "Channels double from large maps to small ones; the paper's network has 128 throughout.",
            "Batches of generator and critic are equal; the paper's generator sees twice as many.",
        ),
    ),
    Recipe(
        "modern",
        "Modern and robust",
        "The best choice for thousands of pictures if you have a GPU and a day.",
        "The sharpest and most varied pictures of all recipes, without luck or tuning.",
        TrainConfig.model_validate(MODERN),
        notes=(NARROW, "Learning rates, beta 2 and penalty reach their end after a quarter of the run."),
    ),
    Recipe(
        "modern-classes",
        "Modern, by class",
        "The modern recipe for pictures sorted into folders.",
        "Sharp pictures of whichever class you ask for, after a day on a GPU.",
        TrainConfig.model_validate(MODERN | BY_CLASS),
        needs_classes=True,
        notes=(NARROW, "Learning rates, beta 2 and penalty reach their end after a quarter of the run."),
    ),
    Recipe(
        "style",
        "Styles to mix",
        "For a thousand pictures or more of one subject, when you want to explore and blend them.",
        "Smooth transitions between pictures, and a meter that warns before it learns them by heart.",
        TrainConfig.model_validate(STYLE),
        notes=(NARROW, "Without style mixing and path length regularisation, as the paper on adaptive augmentation trains small pictures."),
    ),
    Recipe(
        "style-classes",
        "Styles by class",
        "The style recipe for pictures sorted into folders.",
        "Smooth transitions within and between the classes.",
        TrainConfig.model_validate(STYLE | BY_CLASS),
        needs_classes=True,
        notes=(NARROW, "Without style mixing and path length regularisation, as the paper on adaptive augmentation trains small pictures."),
    ),
)

# The systems that Ganvas grew from. Their values are facts of the originals.

SIMPSONS: dict[str, Any] = {
    "epochs": 350,
    "channels": "rgb",
    "batch_size": 32,
    "kernel_size": 5,
    "invert_labels": True,
    "real_label_low": 0.7,
    "real_label_high": 1.2,
    "fake_label_low": 0.0,
    "fake_label_high": 0.3,
    "flip_labels": 0.05,
}
POKEMON: dict[str, Any] = {
    "steps": 10_000,
    "channels": "rgba",
    "latent_distribution": "uniform",
    "discriminator_width": 32,
    "dense_head": 100,
}
DOGS = {"steps": 30_000, "channels": "rgb", "mirror": True, "crop_to_boxes": True}
SATELLITE = {"steps": 5_000, "width": 28, "height": 28}
SATELLITE_128 = {"steps": 10_000, "width": 128, "height": 128, "channels": "rgb", "generator_width": 32, "discriminator_width": 32}
WGAN: dict[str, Any] = {
    "objective": "wasserstein",
    "penalty": "clip",
    "clip_value": 0.01,
    "clip_kernels_only": True,
    "optimizer": "rmsprop",
    "generator_learning_rate": 5e-5,
    "discriminator_learning_rate": 5e-5,
    "beta2": 0.99,
    "discriminator_steps": 5,
    "warmup_discriminator_steps": 100,
}
TWIN = "Classes are left unused unless you tick “Learn the classes”."
TILES = "Whole pictures are scaled to 128 pixels. “Tiles per picture” cuts random pieces out of them instead."


def _original(**settings: Any) -> TrainConfig:
    return TrainConfig.model_validate({"augmentation": "none", **settings})


_ORIGINALS = (
    Recipe(
        "simpsons",
        "Cartoon faces",
        "For drawn faces and figures in flat colours, a thousand or more.",
        "Bold outlines after an hour; inverted and smoothed labels keep the duel going for 350 epochs.",
        _original(**SIMPSONS),
        notes=(
            MEAN,
            "The generator is always scored against the exact label of real pictures; only the discriminator sees smoothed and swapped ones.",
        ),
    ),
    Recipe(
        "pokemon",
        "Sprites",
        "For small drawings on a transparent background, some hundred of them.",
        "New sprites with a see-through background, as its fourth channel; shapes after ten minutes.",
        _original(**POKEMON),
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
        "For drawings on a transparent background that are larger than 64 pixels.",
        "As the sprites recipe, with four times the pixels and about four times slower.",
        _original(**POKEMON | {"width": 128, "height": 128, "generator_width": 32}),
        notes=(
            MEAN,
            "The original's generator ends at 64 pixels; here one more layer of 32 channels takes it to the 128 pixels of its discriminator.",
        ),
    ),
    Recipe(
        "dogs",
        "Labelled photos",
        "For photos in a folder for each breed, with or without boxes around the animals.",
        "A row of pictures for each folder, and you can ask for the one you want.",
        _original(**DOGS | BY_CLASS),
        needs_classes=True,
        notes=(MEAN, "Boxes are cut out where the archive has annotations; other pictures are cropped in their middle."),
    ),
    Recipe(
        "dogs-gan",
        "Photos of one kind",
        "For photos of many sorts of one kind, whose folders do not matter.",
        "The same networks as for labelled photos, drawing all of them mixed.",
        _original(**DOGS),
        notes=(MEAN, "Boxes are cut out where the archive has annotations; other pictures are cropped in their middle."),
    ),
    Recipe(
        "portraits",
        "A dozen portraits",
        "For a dozen pictures of any size, when you want that very size back.",
        "Twenty thousand short steps of five pictures each; it stays close to what it has seen.",
        _original(steps=20_000, width=300, height=300, channels="rgb", batch_size=5, generator_width=32, discriminator_width=32),
        notes=(MEAN, ORDER, "Networks of half the usual width: a dozen pictures need no more, and 300 pixels cost twenty times as much as 64."),
    ),
    Recipe(
        "satellite",
        "Compare losses: GAN",
        "For grey digits and the like, to compare objectives: launch its WGAN twin too, with the same seed.",
        "Digits within minutes, and losses that tell little: cross entropy only says who leads.",
        _original(**SATELLITE),
        notes=(MEAN, TWIN),
    ),
    Recipe(
        "satellite-wgan",
        "Compare losses: WGAN",
        "The twin of the GAN on digits: the same networks with the Wasserstein objective.",
        "Slower, with a hundred critic steps at first, and a loss that means something: nearer to 0 is better.",
        _original(**SATELLITE | WGAN),
        notes=(MEAN, TWIN),
    ),
    Recipe(
        "satellite-128",
        "Satellite pictures: GAN",
        "For aerial pictures and other colour tiles, to compare objectives at 128 pixels.",
        "Fields, roads and water after some hours; its WGAN twin shows the other curve.",
        _original(**SATELLITE_128),
        notes=(MEAN, TWIN, TILES, "Half the usual width at 128 pixels."),
    ),
    Recipe(
        "satellite-128-wgan",
        "Satellite pictures: WGAN",
        "The twin of the GAN on satellite pictures, with the Wasserstein objective.",
        "Slower and steadier; its curve falls as the pictures get better.",
        _original(**SATELLITE_128 | WGAN),
        notes=(MEAN, TWIN, TILES, "Half the usual width at 128 pixels."),
    ),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (*_PRESETS, *_ORIGINALS)}


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
