"""One row trained for a fixed time of one core. What it draws at the start, after some steps, halfway and at the end is kept, and scored by `judge`.

OMP_NUM_THREADS=1 python -m benchmarks.quality.train quick.digits --seconds 150
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from benchmarks.quality import PLACE
from benchmarks.quality.plain import LATENT, SIDE, Plain
from benchmarks.quality.rows import ROWS, Row
from benchmarks.quality.sets import store
from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Losses, Progress
from gan_core.images.store import ImageStore
from gan_core.recipes import configure
from gan_core.sampling import Sheet, load, render, seeded_inputs
from gan_core.sampling.drawing import to_pixels
from gan_core.sampling.inputs import Inputs
from gan_core.sheet import as_picture, compose
from gan_core.state import State
from gan_core.train import train

STEPS = (50, 200, 1000)
"""Steps at which all rows that come so far are compared, however long it took them."""
SEED = 1
PRECISION = "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"
"""Of the recipes' products. The plain DCGAN knows only fp32."""
DRAWN, DRAWN_LARGE = 500, 250
"""Pictures to score, and of those with more than 128 pixels a side."""
TRIAL = 4.0
"""Seconds of a trial that tells how many steps fit into the time, so that schedules end with it."""
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a row was when it drew."""

    name: str
    step: int
    seconds: float
    """Of the training process on one core, without what drawing took."""


def settled(row: Row, **changes: object) -> TrainConfig:
    """The recipe's configuration with what does not hang on the time: no scores, no sheets, one checkpoint at the end."""
    quiet = {"seed": SEED, "precision": PRECISION, "score_samples": 0, "sample_every_seconds": 86400, "checkpoint_every_seconds": 86400}
    return configure(row.recipe, {**row.changes, **quiet, **changes})


def inputs_for(config: TrainConfig, images: ImageStore) -> Inputs:
    """Of the pictures to score; with classes in the shares that the training pictures have."""
    count = DRAWN if max(config.width, config.height) <= 128 else DRAWN_LARGE
    labels = None
    if config.conditional and images.labels is not None:
        labels = torch.from_numpy(images.labels[np.linspace(0, len(images) - 1, count).round().astype(np.int64)])
    return seeded_inputs(config, count, SEED + 1, labels)


def rate(config: TrainConfig, images: ImageStore) -> float:
    """Discriminator steps a second of this process."""
    with TemporaryDirectory() as directory:
        start, before = 0.0, 0
        for event in train(config, images, Path(directory), device="cpu"):
            if isinstance(event, Progress) and event.step:
                now, done = time.process_time(), config.discriminator_steps_until(event.step)
                if not before:
                    start, before = now, done
                elif now - start > TRIAL:
                    return (done - before) / (now - start)
    raise SystemExit("The trial was over too soon.")


def steps_within(config: TrainConfig, critic_steps: float) -> int:
    """Generator steps that take so many discriminator steps."""
    step = 1
    while config.discriminator_steps_until(step) < critic_steps:
        step += 1
    return step


def train_recipe(row: Row, seconds: float, keep: Callable[[Point, Pictures, Pictures, int], None]) -> TrainConfig:
    """Trains, and hands what was drawn at each point to `keep`, with a sheet and its columns."""
    trial = settled(row, steps=1_000_000)
    images = store(row.pictures, trial)
    config = settled(row, steps=max(STEPS[0] + 1, steps_within(trial, rate(trial, images) * seconds)))
    inputs, sheet = inputs_for(config, images), Sheet.of(config, len(images.class_names))
    state = State(config, images, len(images), torch.device("cpu"))
    keep(Point("start", 0, 0.0), state.draw(inputs), state.draw(sheet), sheet.columns)
    del state
    with TemporaryDirectory() as directory:
        for point, path in _points(config, images, Path(directory), seconds):
            network = load(path).network
            keep(point, render(network, config, inputs, torch.device("cpu")), render(network, config, sheet, torch.device("cpu")), sheet.columns)
    return config


def _points(config: TrainConfig, images: ImageStore, directory: Path, seconds: float) -> Iterator[tuple[Point, Path]]:
    """Each point with the weights at it. The time ends it if it took longer than the trial promised."""
    events = train(config, images, directory, device="cpu")
    spent, name = 0.0, ""
    left = [*map(str, STEPS), "half"]
    while True:
        began = time.process_time()
        try:
            event = events.send("checkpoint") if name else next(events)
        except StopIteration:
            return
        spent += time.process_time() - began
        if isinstance(event, Checkpoint):
            last = name in ("", "end") or event.step == config.steps
            yield Point("end" if last else name, event.step, round(spent, 1)), event.weights
            if last:
                return
            name = ""
        elif isinstance(event, Losses) and not name:
            due = {str(step): event.step >= step for step in STEPS} | {"half": spent >= seconds / 2, "end": spent >= 1.1 * seconds}
            name = next((name for name in [*left, "end"] if due[name]), "")
            left = [one for one in left if one != name]


def train_plain(row: Row, seconds: float, keep: Callable[[Point, Pictures, Pictures, int], None]) -> TrainConfig:
    """The same for the plain DCGAN."""
    config = configure("classic", {"width": SIDE, "height": SIDE, "latent_size": LATENT, **row.changes})
    plain = Plain(store(row.pictures, config), SEED)

    def kept(name: str, spent: float) -> None:
        drawn = to_pixels(plain.draw(DRAWN, SEED + 1))
        keep(Point(name, plain.step_number, round(spent, 1)), drawn, drawn[:64], 8)

    kept("start", 0.0)
    spent, halfway = 0.0, False
    while spent < seconds:
        began = time.process_time()
        plain.step()
        spent += time.process_time() - began
        if plain.step_number in STEPS:
            kept(str(plain.step_number), spent)
        elif spent >= seconds / 2 and not halfway:
            halfway = True
            kept("half", spent)
    kept("end", spent)
    return config


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--seconds", type=float, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    row = ROWS[asked.row]
    points: list[Point] = []

    def keep(point: Point, drawn: Pictures, tiles: Pictures, columns: int) -> None:
        points.append(point)
        (PLACE / "drawn").mkdir(parents=True, exist_ok=True)
        np.save(PLACE / "drawn" / f"{row.name}.{point.name}.npy", drawn)
        _save_sheet(tiles, columns, PLACE / "sheets" / f"{row.name}.{point.name}.png")

    began = time.monotonic()
    config = (train_recipe if row.recipe else train_plain)(row, row.times * asked.seconds, keep)
    about = {
        "row": row.name,
        "points": [{"name": point.name, "step": point.step, "seconds": point.seconds} for point in points],
        "wall": round(time.monotonic() - began),
        "config": config.model_dump(mode="json"),
    }
    (PLACE / "results").mkdir(parents=True, exist_ok=True)
    (PLACE / "results" / f"{row.name}.trained.json").write_text(json.dumps(about, indent=1))


def _save_sheet(tiles: Pictures, columns: int, path: Path) -> None:
    picture = as_picture(compose(tiles, columns))
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    factor = max(1, 512 // picture.width)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST).save(path)


if __name__ == "__main__":
    main()
