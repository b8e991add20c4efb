"""The systems that Ganvas grew from, as recipes. Their values are facts of the originals; the notes tell each deliberate difference."""

from typing import Any

from gan_core.config import TrainConfig
from gan_core.recipes.recipe import MEAN, Recipe

ORDER = "Pictures come in shuffled passes over the whole dataset rather than drawn anew for each step, so none is left out."

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
    "augmentation": "auto",
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
AUGMENTED = "DiffAugment is on below 20000 pictures, which the original had not: without it few pictures end in ever the same one."
TWIN = "Classes are left unused unless you tick “Learn the classes”."
TILES = "Whole pictures are scaled to 128 pixels. “Tiles per picture” cuts random pieces out of them instead."


def _original(**settings: Any) -> TrainConfig:
    return TrainConfig.model_validate({"augmentation": "none", **settings})


ORIGINALS = (
    Recipe(
        "simpsons",
        "Cartoon faces",
        "For drawn faces and figures in flat colours, a thousand or more.",
        "Bold outlines in flat colours; inverted and smoothed labels keep the duel going for 350 epochs.",
        "cartoons",
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
        "New sprites with a see-through background of their own, learnt as a fourth channel.",
        "transparency",
        _original(**POKEMON),
        notes=(
            MEAN,
            AUGMENTED,
            "The original lets a discriminator for 128 pixels judge 64-pixel pictures. Here both are 64 pixels, so its convolutions are "
            "32, 64, 128 and 256 wide; the 128-pixel twin has the fifth, 512.",
            "Transparency is learnt as a fourth channel. Choose RGB to put the sprites on a plain background instead.",
        ),
    ),
    Recipe(
        "pokemon-128",
        "Large sprites",
        "For drawings on a transparent background that are larger than 64 pixels.",
        "As the sprites recipe, with four times the pixels and accordingly slower.",
        "transparency",
        _original(**POKEMON | {"width": 128, "height": 128, "generator_width": 32, "discriminator_learning_rate": 5e-5}),
        notes=(
            MEAN,
            AUGMENTED,
            "The discriminator learns at a quarter of the original's rate of 0.0002, with which pictures stayed grey at half the size and width.",
            "The original's generator ends at 64 pixels; here one more layer of 32 channels takes it to the 128 pixels of its discriminator.",
        ),
    ),
    Recipe(
        "dogs",
        "Labelled photos",
        "For photos in a folder for each breed, with or without boxes around the animals.",
        "A row of pictures for each folder, and you can ask for the one you want.",
        "classes",
        _original(**DOGS | {"conditional": True}),
        needs_classes=True,
        notes=(MEAN, "Boxes are cut out where the archive has annotations; other pictures are cropped in their middle."),
    ),
    Recipe(
        "dogs-gan",
        "Photos of one kind",
        "For photos of many sorts of one kind, whose folders do not matter.",
        "The same networks as for labelled photos, drawing all of them mixed.",
        "classic",
        _original(**DOGS),
        notes=(MEAN, "Boxes are cut out where the archive has annotations; other pictures are cropped in their middle."),
    ),
    Recipe(
        "portraits",
        "A dozen portraits",
        "For a dozen pictures of any size, when you want that very size back.",
        "Twenty thousand short steps of five pictures each; it stays close to what it has seen.",
        "dozen",
        _original(steps=20_000, width=300, height=300, channels="rgb", batch_size=5, generator_width=32, discriminator_width=32, augmentation="auto"),
        notes=(
            MEAN,
            ORDER,
            AUGMENTED,
            "Networks of half the usual width: a dozen pictures need no more, and 300 pixels cost twenty times as much as 64.",
        ),
    ),
    Recipe(
        "satellite",
        "Compare losses: GAN",
        "For grey digits and the like, to compare objectives: launch its WGAN twin too, with the same seed.",
        "Digits soon, and losses that tell little: cross entropy only says who leads.",
        "compare",
        _original(**SATELLITE),
        notes=(MEAN, TWIN),
    ),
    Recipe(
        "satellite-wgan",
        "Compare losses: WGAN",
        "The twin of the GAN on digits: the same networks with the Wasserstein objective.",
        "Slower, with a hundred critic steps at first, and a loss that means something: nearer to 0 is better.",
        "compare",
        _original(**SATELLITE | WGAN),
        notes=(MEAN, TWIN),
    ),
    Recipe(
        "satellite-128",
        "Satellite pictures: GAN",
        "For aerial pictures and other colour tiles, to compare objectives at 128 pixels.",
        "Textures first, then fields, roads and water; its WGAN twin shows the other curve.",
        "maps",
        _original(**SATELLITE_128),
        notes=(MEAN, TWIN, TILES, "Half the usual width at 128 pixels."),
    ),
    Recipe(
        "satellite-128-wgan",
        "Satellite pictures: WGAN",
        "The twin of the GAN on satellite pictures, with the Wasserstein objective.",
        "Slower and steadier; its curve falls as the pictures get better.",
        "maps",
        _original(**SATELLITE_128 | WGAN),
        notes=(MEAN, TWIN, TILES, "Half the usual width at 128 pixels."),
    ),
)
