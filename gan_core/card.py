"""The model card: what a generator is, how it was made and how to use it, as Markdown. Torch-free."""

from collections.abc import Sequence

from gan_core.config import TrainConfig

COLOURS = {1: "grey", 3: "RGB", 4: "RGBA (with transparency)"}


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
) -> str:
    """Markdown for people and programs. `class_names` only if the generator learnt them; `weights` is the name of its file."""
    facts = {
        "Draws": f"{config.width} x {config.height} pixels, {COLOURS[channels]}",
        "Architecture": f"{config.architecture}{', conditional' if config.conditional else ''}",
        "Recipe": recipe,
        "Objective": config.objective,
        "Trained for": f"{step} generator steps, batches of {config.batch_size}",
        "Trained on": f"{image_count} pictures{f' of {dataset}' if dataset else ''}",
        "Classes": ", ".join(class_names) if config.conditional else "",
        "Latent": f"{config.latent_size} numbers, {'normal' if config.latent_distribution == 'normal' else 'uniform in -1..1'}",
        "Weights": f"float32, {'a running mean with decay ' + str(config.ema) if config.ema else 'of the last step'}",
    }
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in facts.items() if value)
    settings = "\n".join(f"| `{name}` | {_cell(str(value))} |" for name, value in config.model_dump(mode="json").items())
    return _TEMPLATE.format(
        title=_cell(title), table=table, settings=settings, weights=weights, label=f", label={class_names[0]!r}" if config.conditional else ""
    )


def _cell(text: str) -> str:
    """One line that cannot break out of a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


_TEMPLATE = """# {title}

A generator of a generative adversarial network: it turns random numbers into pictures.

| | |
|---|---|
{table}

## Use

On the command line, with `gan_core` (from Ganvas) and PyTorch:

```
python -m gan_core sample {weights} --count 64 --out grid.png
```

In Python:

```python
from pathlib import Path
from gan_core.sampling import load

generator = load(Path("{weights}"))
images = generator.generate(64, seed=0{label})  # uint8, (64, height, width, channels)
```

The file holds its whole configuration in the safetensors metadata (`config`, `class_names`, `channels`, `step`; each is JSON).
Nothing else is needed.

## Limits

It draws variations of what it was trained on and may repeat single training pictures, all the more if there were few of them.
Whatever rights and biases the training pictures carry, its pictures may carry too.

## All settings

| setting | value |
|---|---|
{settings}
"""
