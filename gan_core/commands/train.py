"""train: pictures to a trained generator."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gan_core import events
from gan_core.commands import Changes, Device, Epochs, RecipeName, Source, Steps, chosen, console, told
from gan_core.config import TrainConfig

COLOURS = {"ok": "green", "info": "cyan", "warn": "yellow", "bad": "red"}
"""Of a verdict's title, by its level."""


def train(
    source: Source,
    out: Annotated[Path, typer.Option(help="Folder for samples, losses, checkpoints and weights.", show_default=False)],
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the folder.")] = False,
    recipe: RecipeName = None,
    steps: Steps = None,
    epochs: Epochs = None,
    change: Changes = None,
    device: Device = "auto",
) -> None:
    """Train on pictures. Ctrl-C writes a checkpoint and ends.

    Pictures in folders have the folders as their classes. `estimate` tells beforehand how long it takes.
    On several GPUs, each batch shared out among them: torchrun --nproc-per-node 2 -m gan_core train ...
    """
    with told():
        config = chosen(recipe, steps, epochs, change)
        from gan_core import memory, parallel

        memory.keep_freed()
        with parallel.together():
            if parallel.leads():
                _train(config, source, out, recipe or "", device, resume=resume)
            else:
                _follow(device)


def _follow(device: str) -> None:
    from gan_core.follow import follow

    for number in (signal.SIGINT, signal.SIGTERM):  # the first process writes its checkpoint, and then says that this is the end
        signal.signal(number, signal.SIG_IGN)
    follow(device)


def _train(config: TrainConfig, source: Path, out: Path, recipe: str, device: str, *, resume: bool) -> None:
    from gan_core.folder import RunFolder
    from gan_core.images.survey import take_stock
    from gan_core.train import train as run

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
            if stopping and isinstance(event, events.Checkpoint) and not event.late:
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
        augmented = "" if event.augmentation is None else f"  augmentation {event.augmentation:.2f}"
        bar.update(task, losses=f"D {event.discriminator:.3f}  G {event.generator:.3f}{augmented}")
    elif isinstance(event, events.Note | events.Rewound):
        console.print(escape(event.message))
    elif isinstance(event, events.Scores):
        console.print(escape(scores_line(event)))
    elif isinstance(event, events.Verdict):
        console.print(f"[{COLOURS[event.level]}]{escape(event.title)}.[/] {escape(event.text)}")
        for one in event.evidence:
            console.print(escape(f"  {one.label}: {one.value}{f' (usual: {one.usual})' if one.usual else ''}"))


def scores_line(scores: events.Scores) -> str:
    """A score in one line, with what it was measured by."""
    return (
        f"Step {scores.step}: FD {scores.fd:.4g}, KID {scores.kid:.4g} ± {scores.kid_error:.2g}, precision {scores.precision:.2f}, "
        f"recall {scores.recall:.2f} ({scores.samples} drawn, {scores.real} training pictures, {scores.extractor})"
    )
