"""estimate: what a run will need, measured by a few steps of it."""

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from gan_core.commands import Changes, Device, Epochs, RecipeName, Source, Steps, chosen, console, told
from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError

if TYPE_CHECKING:
    from gan_core.estimate import Estimate


def estimate(
    source: Source,
    recipe: RecipeName = None,
    steps: Steps = None,
    epochs: Epochs = None,
    change: Changes = None,
    device: Device = "auto",
) -> None:
    """Tell how much memory and time a run would take on this machine, by a few real steps of it. Nothing is kept.

    Ends with code 1 if the run does not fit into memory.
    """
    with told():
        config = chosen(recipe, steps, epochs, change)
        found = _measure(config, source, device)
        _show(config, found)
    if not found.fits:
        raise typer.Exit(1)


def _measure(config: TrainConfig, source: Path, device: str) -> "Estimate":
    from gan_core.images.fit import Shape
    from gan_core.images.store import prepare
    from gan_core.images.survey import take_stock

    with TemporaryDirectory() as directory, console.status("Looking at the pictures …") as status:
        manifest = take_stock(source)
        pictures = Path(directory) / "pictures"
        images = prepare(source, manifest, pictures, Shape.of(config, manifest))
        console.print(f"{len(images)} pictures")
        status.update("Training for a few steps …")
        # a process of its own, whose memory is that of training alone, and which the system may kill
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            try:
                return alone.submit(_dry_run, config, pictures, device).result()
            except BrokenProcessPool as error:
                raise GanCoreError("The machine ran out of memory while trying. Make the batches, the pictures or the networks smaller.") from error


def _dry_run(config: TrainConfig, pictures: Path, device: str) -> "Estimate":
    from gan_core.estimate import estimate as measure
    from gan_core.images.store import ImageStore

    return measure(config, ImageStore.open(pictures), device)


def _show(config: TrainConfig, found: "Estimate") -> None:
    table = Table(show_header=False)
    table.add_row("Device", found.device)
    table.add_row("Memory", f"{_gigabytes(found.memory_bytes)} of {_gigabytes(found.available_bytes)}")
    table.add_row("Fits", "yes" if found.fits else "no")
    if found.seconds_per_step is not None and found.images_per_second is not None and found.total_seconds is not None:
        table.add_row("Speed", f"{found.images_per_second:.0f} pictures a second, {found.seconds_per_step:.3g} seconds a step")
        table.add_row("Whole run", f"{timedelta(seconds=round(found.total_seconds))} hours" if found.total_seconds >= 1 else "a moment")
    console.print(table)
    if not found.fits and found.largest_batch:
        console.print(f"Batches of {found.largest_batch} would fit, rather than of {config.batch_size}.")


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"
