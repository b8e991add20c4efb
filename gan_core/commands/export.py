"""export: a generator with everything to pass it on."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from gan_core.commands import Weights, console, told


def export(
    weights: Weights,
    out: Annotated[Path, typer.Option(help="Folder for the three files.", show_default=False)],
) -> None:
    """Write a generator as ONNX, which runs without gan_core and PyTorch, with its weights and a model card.

    The ONNX file is kept only if it draws the same pictures.
    """
    with told():
        from gan_core.card import model_card
        from gan_core.onnx_export import export_onnx
        from gan_core.sampling import load, noise_size

        generator = load(weights)
        out.mkdir(parents=True, exist_ok=True)
        with console.status("Writing and checking model.onnx …"):
            difference = export_onnx(generator, out / "model.onnx")
        copy = out / "weights.safetensors"
        if not (copy.exists() and copy.samefile(weights)):
            shutil.copyfile(weights, copy)
        card = model_card(
            generator.config,
            title=weights.resolve().parent.name if weights.stem == "weights" else weights.stem,
            channels=generator.channels,
            step=generator.step,
            image_count=generator.meta.image_count,
            class_names=generator.class_names,
            onnx="model.onnx",
            noise_size=noise_size(generator.network),
        )
        (out / "model-card.md").write_text(card, encoding="utf-8")
    console.print(f"{out}: model.onnx, weights.safetensors, model-card.md")
    console.print(f"The largest difference between ONNX and PyTorch is {difference:.1e}, of values from -1 to 1.")
