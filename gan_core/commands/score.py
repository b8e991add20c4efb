"""score: how near the pictures of a generator, or of a folder, are to others."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.table import Table

from gan_core.commands import Device, Source, console, told
from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.score_table import NOT_COMPARABLE, is_inception, rows

if TYPE_CHECKING:
    from gan_core.events import Scores
    from gan_core.images.store import ImageStore
    from gan_core.sampling import LoadedGenerator
    from gan_core.scores import Extractor

Pictures = npt.NDArray[np.uint8]
PORTION = 128
"""Pictures drawn at once."""
SIDE = 128
"""At which pictures are compared where there is no generator to tell their size."""


def score(
    weights: Annotated[Path, typer.Argument(help="A generator (.safetensors), or an archive or folder of pictures.", show_default=False)],
    pictures: Source,
    samples: Annotated[int, typer.Option(min=1, max=10_000, help="Pictures to draw; of an archive, to take.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same pictures.")] = 0,
    inception: Annotated[Path | None, typer.Option(exists=True, help="Weights of torch-fidelity's Inception, for a real FID.")] = None,
    device: Device = "cpu",
) -> None:
    """Tell how near the pictures of a generator are to real ones, and whether it copies.

    Scores depend on what looks at the pictures and on how many there are: compare only those with the same of both.
    """
    with told(), console.status("Looking at the pictures …"):
        if not weights.exists():
            raise GanCoreError(f"There is no file {weights.name}.")
        from gan_core.precision import choose_device
        from gan_core.scores import load_extractor

        extractor = load_extractor(choose_device(device), inception)
        compare = _generator if weights.suffix.lower() == ".safetensors" else _archives
        found = compare(weights, pictures, samples, seed, extractor)
    _show(found)


def _generator(weights: Path, pictures: Path, samples: int, seed: int, extractor: "Extractor") -> "Scores":
    from gan_core.sampling import load

    generator = load(weights, str(extractor.device))
    config = generator.config.model_copy(update={"channels": {1: "grey", 3: "rgb", 4: "rgba"}[generator.channels]})
    with TemporaryDirectory() as directory:
        real = _prepared(pictures, config, Path(directory))
        return _compared(_drawn(generator, real, samples, seed), real, config.background, seed, extractor)


def _archives(drawn: Path, pictures: Path, samples: int, seed: int, extractor: "Extractor") -> "Scores":
    config = TrainConfig(steps=1, width=SIDE, height=SIDE, channels="rgb")
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        images = _prepared(drawn, config, Path(one)).images
        count = min(samples, len(images))
        wanted = np.arange(count) * len(images) // count
        portions = (images[wanted[at : at + PORTION]] for at in range(0, count, PORTION))
        return _compared(portions, _prepared(pictures, config, Path(other)), config.background, seed, extractor)


def _prepared(source: Path, config: TrainConfig, directory: Path) -> "ImageStore":
    from gan_core.images.fit import Shape
    from gan_core.images.store import prepare
    from gan_core.images.survey import take_stock

    manifest = take_stock(source)
    return prepare(source, manifest, directory / "pictures", Shape.of(config, manifest))


def _drawn(generator: "LoadedGenerator", real: "ImageStore", count: int, seed: int) -> Iterator[Pictures]:
    """Its pictures in portions; classes as often as the real ones have them, or all equally often if these have others."""
    import torch

    from gan_core.sampling import render, seeded_inputs

    labels = None
    if generator.config.conditional:
        same = real.labels is not None and real.class_names == generator.class_names
        known = real.labels[real.labels >= 0] if same and real.labels is not None else np.arange(len(generator.class_names))
        labels = torch.from_numpy(known[np.arange(count) * len(known) // count])
    for inputs in seeded_inputs(generator.config, count, seed, labels).portions(PORTION):
        yield render(generator.network, generator.config, inputs, generator.device)


def _compared(portions: Iterator[Pictures], real: "ImageStore", background: str, seed: int, extractor: "Extractor") -> "Scores":
    import torch

    from gan_core.scores import Reference, compare

    reference = Reference.of(real, extractor, background)
    features = torch.cat([extractor(portion, background) for portion in portions])
    return compare(reference, features, step=0, seconds=0.0, seed=seed)


def _show(scores: "Scores") -> None:
    table = Table(show_header=False)
    for row in rows(scores):
        table.add_row(*row)
    console.print(table)
    console.print(f"{scores.samples} drawn and {scores.real} real pictures, seen by {scores.extractor}; seed {scores.seed}.")
    if not is_inception(scores):
        console.print(NOT_COMPARABLE)
