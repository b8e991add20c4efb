"""The command line.

python -m gan_core train images.zip --recipe simpsons --steps 200 --out runs/x
python -m gan_core sample runs/x/weights.safetensors --count 64 --out grid.png
python -m gan_core recipes
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gan_core import events
from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.survey import take_stock
from gan_core.recipes import RECIPES, configure

app = typer.Typer(help="Train generative adversarial networks on your own pictures.", no_args_is_help=True, add_completion=False)
console = Console()


@contextmanager
def told() -> Iterator[None]:
    """Expected failures become sentences and an exit code."""
    try:
        yield
    except ValidationError as error:
        for problem in error.errors():
            console.print(f"[red]{'.'.join(map(str, problem['loc'])) or 'configuration'}[/]: {problem['msg']}")
        raise typer.Exit(2) from error
    except GanCoreError as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error


@app.command()
def train(
    source: Annotated[Path, typer.Argument(exists=True, help="A zip or tar archive, a folder, or one picture.")],
    out: Annotated[Path, typer.Option(help="Folder for samples, losses, checkpoints and weights.")],
    recipe: Annotated[str | None, typer.Option(help="One of those that `recipes` lists.")] = None,
    steps: Annotated[int | None, typer.Option(help="Generator steps.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the pictures, in place of steps.")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be repeated.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 …; auto takes a GPU if there is one.")] = "auto",
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in the folder.")] = False,
) -> None:
    """Train on pictures. Ctrl-C writes a checkpoint and ends."""
    with told():
        config = _config(recipe, {"steps": steps, "epochs": epochs}, change or [])
        _train(config, source, out, recipe or "", device, resume=resume)


def _config(recipe: str | None, length: dict[str, int | None], settings: list[str]) -> TrainConfig:
    if recipe is not None and recipe not in RECIPES:
        raise GanCoreError(f"There is no recipe {recipe}. Choose one of: {', '.join(RECIPES)}.")
    changes: dict[str, Any] = {name: value for name, value in length.items() if value is not None}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise GanCoreError(f"Write --set {setting}=VALUE.")
        changes[name] = value
    return configure(recipe, changes)


def _train(config: TrainConfig, source: Path, out: Path, recipe: str, device: str, *, resume: bool) -> None:
    from gan_core.folder import RunFolder
    from gan_core.train import train as run  # imports torch, for which `recipes` need not wait

    folder = RunFolder(out)
    checkpoint = folder.start(config, resume=resume)
    with console.status("Looking at the pictures …"):
        manifest = take_stock(source)
        images = folder.prepare(source, manifest, config)
    console.print(f"{len(images)} pictures, {manifest.skipped} skipped, {len(images.class_names)} classes")
    last: events.Checkpoint | None = None
    with _interruptible() as stopping, _bar() as bar:
        task = bar.add_task("", total=None, rate="", losses="")
        running = run(config, images, out, resume=checkpoint, device=device)
        event: events.Event | None = next(running, None)
        while event is not None:
            folder.record(event)
            _show(bar, task, event)
            last = event if isinstance(event, events.Checkpoint) else last
            if stopping and isinstance(event, events.Checkpoint):
                break
            try:
                event = running.send("checkpoint" if stopping else None)
            except StopIteration:
                event = None
    if last is None:
        return
    folder.finish(config, images, last, dataset=source.name, recipe=recipe)
    console.print(f"Step {last.step}. Weights: {folder.weights}")
    if stopping:
        console.print("Stopped. The same command with --resume goes on from here.")


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """A list that is no longer empty once the process was asked to end; a second Ctrl-C ends it at once."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bar() -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[rate]}"), TextColumn("{task.fields[losses]}"))
    return Progress(*columns, console=console)


def _show(bar: Progress, task: Any, event: events.Event) -> None:
    if isinstance(event, events.Progress):
        bar.update(task, completed=event.step, total=event.total_steps, rate=f"{event.images_per_second:.0f} pictures/s")
    elif isinstance(event, events.Losses):
        bar.update(task, losses=f"D {event.discriminator:.3f}  G {event.generator:.3f}")
    elif isinstance(event, events.Note):
        console.print(event.message)


@app.command()
def sample(
    weights: Annotated[Path, typer.Argument(help="A generator, as `train` or the portal gives it.")],
    out: Annotated[Path, typer.Option(help="The picture to write; its ending tells the format.")] = Path("grid.png"),
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Pictures to draw.")] = 64,
    columns: Annotated[int | None, typer.Option(min=1, help="Pictures side by side; as many as rows if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same pictures.")] = 0,
    label: Annotated[str | None, typer.Option(help="A class, by name or number. All in turn if left out.")] = None,
) -> None:
    """Draw pictures with a trained generator, as one grid."""
    from PIL import Image

    from gan_core.sampling import load
    from gan_core.sheet import compose

    with told():
        generator = load(weights)
        images = generator.generate(count, seed, int(label) if label and label.isdecimal() and label not in generator.class_names else label)
        pixels = compose(images, columns or -(-int(count**0.5 * 1000) // 1000))
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(out)
    console.print(f"{count} pictures of {generator.config.width} x {generator.config.height} in {out}")


@app.command()
def recipes() -> None:
    """List the recipes."""
    table = Table("name", "for", "what it is", "settings")
    for recipe in RECIPES.values():
        config = recipe.config
        length = f"{config.steps} steps" if config.steps else f"{config.epochs} epochs"
        what = f"{config.architecture}, {config.objective}, {config.width} x {config.height}, {length}"
        table.add_row(recipe.name, recipe.title, recipe.summary, what)
    console.print(table)


if __name__ == "__main__":
    app()
