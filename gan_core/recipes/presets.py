"""The presets: what Ganvas recommends for a kind of dataset and machine. Values are the papers' unless a note says otherwise."""

from typing import Any

from gan_core.config import TrainConfig
from gan_core.recipes.recipe import MEAN, Recipe

NARROW = "Narrower networks than the paper's, so that a small machine can train them. Double the widths on a large GPU."
RATES = (
    "The paper's batches are eight times as large. With these its values hardly learn, so that the learning rates are five times as high, "
    "fall over the whole run, and the penalty stays as strong as it begins."
)

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
    "auxiliary_weight_generator": 1.0,
    "objective": "wasserstein",
    "penalty": "gradient",
    "penalty_weight": 10.0,
    "discriminator_steps": 5,
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
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

# Huang et al. 2024, but for what the notes tell
MODERN: dict[str, Any] = {
    "steps": 50_000,
    "architecture": "r3gan",
    "generator_width": 32,
    "discriminator_width": 32,
    "objective": "relativistic",
    "penalty": "r1-r2",
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
    "beta1": 0.0,
    "beta2": 0.99,
    "schedule": "cosine",
    "learning_rate_end": 0.25,
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


PRESETS = (
    Recipe(
        "quick",
        "First pictures in minutes",
        "Take it first, to see whether your pictures work at all, also without a GPU.",
        "Small pictures that you can recognise within two minutes; they stay rough.",
        "quick",
        TrainConfig.model_validate(QUICK),
    ),
    Recipe(
        "quick-classes",
        "First pictures of each class",
        "The quick start for pictures sorted into folders.",
        "Rough little pictures within minutes, one row for each folder.",
        "quick",
        TrainConfig.model_validate(QUICK | BY_CLASS),
        needs_classes=True,
    ),
    Recipe(
        "classic",
        "The classic",
        "A sound choice for some thousand pictures of one kind, on any machine.",
        "Clear shapes and colours; fine details stay soft.",
        "classic",
        TrainConfig.model_validate(CLASSIC),
        notes=("DiffAugment is on below 20000 pictures; the paper had none.", MEAN),
    ),
    Recipe(
        "classic-classes",
        "The classic, by class",
        "The classic for pictures sorted into folders.",
        "Clear shapes with soft details, and you can ask for the class you want.",
        "classic",
        TrainConfig.model_validate(CLASSIC | BY_CLASS),
        needs_classes=True,
        notes=("The discriminator compares the class by projection rather than seeing it beside the picture.", MEAN),
    ),
    Recipe(
        "few-shot",
        "Learns from few pictures",
        "For 40 to a few hundred pictures of one thing: one face, one plant, one style.",
        "Varied pictures with sharp details, best on a GPU; it remixes what it has seen.",
        "few",
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
        "A curve that falls steadily and much variety, at the price of five critic steps for each step.",
        "steady",
        TrainConfig.model_validate(STEADY),
    ),
    Recipe(
        "supervised",
        "Learns with your labels",
        "For many pictures in evenly filled folders, small as in CIFAR-10.",
        "Labels make the pictures better and every row a class; it takes long, so best on a GPU.",
        "classes",
        TrainConfig.model_validate(SUPERVISED),
        needs_classes=True,
        notes=(
            "Channels double from large maps to small ones; the paper's network has 128 throughout.",
            "Batches of generator and critic are equal; the paper's generator sees twice as many.",
            "The class weighs as much for the generator as for the critic, ten times as much as in the paper's code: at its weight it was ignored.",
            "The learning rates are five times the paper's, which belong to more steps: with them the classes came several times later.",
        ),
    ),
    Recipe(
        "modern",
        "Modern and robust",
        "For thousands of pictures, if you have a GPU and time.",
        "Sharp and varied pictures with little tuning: the networks behind the best published scores here.",
        "quality",
        TrainConfig.model_validate(MODERN),
        notes=(NARROW, RATES),
    ),
    Recipe(
        "modern-classes",
        "Modern, by class",
        "The modern recipe for pictures sorted into folders.",
        "Sharp and varied pictures of whichever class you ask for.",
        "quality",
        TrainConfig.model_validate(MODERN | BY_CLASS),
        needs_classes=True,
        notes=(NARROW, RATES),
    ),
    Recipe(
        "style",
        "Styles to mix",
        "For a thousand pictures or more of one subject, when you want to explore and blend them.",
        "Smooth transitions between pictures, and a meter that warns before it learns them by heart.",
        "quality",
        TrainConfig.model_validate(STYLE),
        notes=(NARROW, "Without style mixing and path length regularisation, as the paper on adaptive augmentation trains small pictures."),
    ),
    Recipe(
        "style-classes",
        "Styles by class",
        "The style recipe for pictures sorted into folders.",
        "Smooth transitions within and between the classes.",
        "quality",
        TrainConfig.model_validate(STYLE | BY_CLASS),
        needs_classes=True,
        notes=(NARROW, "Without style mixing and path length regularisation, as the paper on adaptive augmentation trains small pictures."),
    ),
)
