"""The model card: what a generator is, how it was made and how to use it, as Markdown. Torch-free."""

from collections.abc import Sequence

from gan_core import score_table
from gan_core.config import TrainConfig
from gan_core.events import Scores

COLOURS = {1: "grey", 3: "RGB", 4: "RGBA (with transparency)"}
LATENTS = {
    "normal": ("normal", "random.standard_normal((8, {size}))"),
    "uniform": ("uniform in -1..1", "random.uniform(-1, 1, (8, {size}))"),
    "spherical": (
        "on a sphere of radius {radius:.4g}",
        "random.standard_normal((8, {size}))\nlatents *= {radius!r} / np.linalg.norm(latents, axis=1)[:, None]",
    ),
}
"""By distribution: what to call it, and numpy that draws eight."""


def model_card(
    config: TrainConfig,
    *,
    title: str,
    channels: int,
    step: int,
    image_count: int,
    class_names: Sequence[str] = (),
    recipe: str = "",
    dataset: str = "",
    weights: str = "weights.safetensors",
    onnx: str = "",
    noise_size: int = 0,
    scores: Scores | None = None,
) -> str:
    """Markdown for people and programs.

    Args:
        class_names: only if the generator learnt them.
        weights, onnx: the names of its files; without `onnx` the card tells how to get one.
        noise_size: how many numbers the ONNX file takes as noise.
        scores: the newest there are.
    """
    facts = {
        "Draws": f"{config.width} x {config.height} pixels, {COLOURS[channels]}",
        "Architecture": f"{config.architecture}{', conditional' if config.conditional else ''}",
        "Recipe": recipe,
        "Objective": config.objective,
        "Augmentation": _augmentation(config, image_count),
        "Trained for": f"{step} generator steps, batches of {config.batch_size}",
        "Trained on": f"{image_count} pictures{f' of {dataset}' if dataset else ''}",
        "Classes": ", ".join(class_names) if config.conditional else "",
        "Latent": f"{config.latent_size} numbers, {LATENTS[config.latent_distribution][0].format(radius=config.latent_size**0.5)}",
        "Weights": f"float32, {'a running mean with decay ' + str(config.ema) if config.ema else 'of the last step'}",
    }
    return _TEMPLATE.format(
        title=_cell(title),
        table="\n".join(f"| {name} | {_cell(value)} |" for name, value in facts.items() if value),
        settings="\n".join(f"| `{name}` | {_cell(str(value))} |" for name, value in config.model_dump(mode="json").items()),
        weights=weights,
        label=f", label={class_names[0]!r}" if config.conditional else "",
        scores=_scores(scores) if scores else "",
        restored=_RESTORED if config.fit == "stretch" else "",
        onnx=_onnx(config, channels, onnx, noise_size) if onnx else _NO_ONNX.format(weights=weights),
    )


def _augmentation(config: TrainConfig, image_count: int) -> str:
    return {"none": "", "diffaugment": "DiffAugment", "adaptive": "adaptive"}[config.augmentation_for(image_count)]


def _onnx(config: TrainConfig, channels: int, name: str, noise_size: int) -> str:
    latents = LATENTS[config.latent_distribution][1].format(size=config.latent_size, radius=config.latent_size**0.5)
    inputs = ['"latents": latents.astype(np.float32)']
    inputs += ['"labels": np.zeros(8, np.int64)'] if config.conditional else []
    inputs += [f'"noise": random.standard_normal((8, {noise_size})).astype(np.float32)'] if noise_size else []
    shape = f"(8, {channels}, {config.height}, {config.width})"
    return _ONNX.format(name=name, latents=latents, inputs=", ".join(inputs), shape=shape)


def _scores(scores: Scores) -> str:
    table = "\n".join(f"| {name} | {value} | {meaning} |" for name, value, meaning in score_table.rows(scores))
    about = f"{scores.samples} drawn pictures (seed {scores.seed}) against {scores.real} training pictures, by the features of {scores.extractor}."
    caution = "" if score_table.is_inception(scores) else f" {score_table.NOT_COMPARABLE}"
    return f"## Scores\n\n| score | value | meaning |\n|---|---|---|\n{table}\n\nMeasured at step {scores.step} on {about}{caution}\n\n"


def _cell(text: str) -> str:
    """One line that cannot break out of a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


_RESTORED = """images = generator.restored(images)  # the proportions that the training pictures had before they were stretched
"""

_NO_ONNX = """To use it without PyTorch, write it as ONNX: `python -m gan_core export {weights} --out exported`.
"""

_ONNX = """Without `gan_core` and PyTorch, `{name}` runs wherever ONNX does:

```python
import numpy as np
import onnxruntime

random = np.random.default_rng(0)
latents = {latents}
session = onnxruntime.InferenceSession("{name}")
(images,) = session.run(["images"], {{{inputs}}})
pixels = np.clip((images + 1) * 127.5, 0, 255).round().astype(np.uint8)  # {shape}
```

It draws any number of pictures at a time.
"""

_TEMPLATE = """# {title}

A generator of a generative adversarial network: it turns random numbers into pictures.

| | |
|---|---|
{table}

## Use

On the command line, with `gan_core` (from Ganvas) and PyTorch:

```
python -m gan_core sample {weights} --count 64 --out grid.png
python -m gan_core sample {weights} --between 1,2,3 --frames 60 --out morph.gif
```

In Python:

```python
from pathlib import Path
from gan_core.sampling import load

generator = load(Path("{weights}"))
images = generator.generate(64, seed=0{label})  # uint8, (64, height, width, channels)
usual = generator.generate(64, seed=0{label}, truncation=0.7)  # less varied, closer to the usual picture
{restored}```

The file holds its whole configuration in the safetensors metadata (`config`, `class_names`, `channels`, `step`; each is JSON).
Nothing else is needed.

{onnx}
{scores}## Limits

It draws variations of what it was trained on and may repeat single training pictures, all the more if there were few of them.
Whatever rights and biases the training pictures carry, its pictures may carry too.

## All settings

| setting | value |
|---|---|
{settings}
"""
