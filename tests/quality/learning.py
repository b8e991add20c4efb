"""Short training runs on real pictures, and how near they come: what `benchmarks.quality` does in minutes, in seconds and at 16 pixels."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_core.config import TrainConfig
from gan_core.events import Checkpoint
from gan_core.images.fit import Shape
from gan_core.images.store import ImageStore, prepare
from gan_core.images.survey import take_stock
from gan_core.recipes import configure, get
from gan_core.sampling import load
from gan_core.scores import statistics
from gan_core.train import train
from portal.datasets import samples

Pictures = npt.NDArray[np.uint8]
SIDE = 16
DRAWN = 300
COMPONENTS = 32
SHAPES = ("0", "1")
"""The classes of a run that learns classes: two digits that even a small network soon tells apart."""


@dataclass(frozen=True, slots=True)
class Short:
    """How a recipe is cut down."""

    steps: int
    pictures: str = "digits"
    count: int = 5000
    faster: float = 3.0
    """The learning rates, as a multiple of the recipe's; narrow networks bear it."""
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    distance: float
    """Fréchet distance on the pictures' principal components as a share of the pictures' own variance. The best single picture, drawn over
    and over, scores 1: below that only variety of the right kind helps."""
    right: float | None
    """Share of the drawn pictures that are of the class that was asked for, by the nearest class mean."""


class Yardstick:
    """The principal components of the real pictures, and the pictures in them."""

    def __init__(self, images: ImageStore) -> None:
        flat = _flat(images.images)
        self.mean = flat.mean(dim=0)
        self.axes = torch.linalg.svd(flat - self.mean, full_matrices=False).Vh[: min(COMPONENTS, len(flat) - 1)]
        self.real = self.places(images.images)  # (N, COMPONENTS)
        self.variance = float(self.real.var(dim=0).sum())
        labels = images.labels
        self.means = None if labels is None else torch.stack([self.real[torch.from_numpy(labels == one)].mean(dim=0) for one in np.unique(labels)])

    def places(self, pictures: Pictures) -> Tensor:
        return (_flat(pictures) - self.mean) @ self.axes.T

    def measure(self, drawn: Pictures, labels: Tensor | None) -> Outcome:
        places = self.places(drawn)
        distance = statistics.frechet(self.real, places) / self.variance
        if labels is None or self.means is None:
            return Outcome(distance, None)
        return Outcome(distance, float((torch.cdist(places, self.means).argmin(dim=1) == labels).float().mean()))


def _flat(pictures: Pictures) -> Tensor:
    """(N, H, W, C) to (N, H * W * C); colours that nobody sees count as white."""
    pixels = torch.from_numpy(np.array(pictures)).float() / 255
    if pixels.shape[3] == 4:
        alpha = pixels[..., 3:]
        pixels = torch.cat([pixels[..., :3] * alpha + 1 - alpha, alpha], dim=3)
    return pixels.flatten(1)


@cache
def pictures(name: str, channels: str, count: int, *, two_classes: bool) -> tuple[ImageStore, Yardstick]:
    """`count` pictures of a sample dataset, evenly spread, as 16 x 16 pixels."""
    archive = io.BytesIO()
    samples.build(name, archive)
    config = TrainConfig.model_validate({"width": SIDE, "height": SIDE, "channels": channels, "steps": 1})
    with TemporaryDirectory() as directory:
        path = Path(directory) / "pictures.zip"
        with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(path, "w") as chosen:
            names = [member for member in whole.namelist() if not two_classes or member.split("/")[0] in SHAPES]
            for place in np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(np.int64):
                chosen.writestr(names[place], whole.read(names[place]))
        manifest = take_stock(path)
        found = prepare(path, manifest, Path(directory) / "prepared", Shape.of(config, manifest))
        images = ImageStore(np.array(found.images), found.labels, found.class_names)  # type: ignore[arg-type]  # in memory rather than mapped
    return images, Yardstick(images)


def cut_down(recipe: str, short: Short) -> TrainConfig:
    """The recipe at 16 pixels, with narrow networks and small batches."""
    original = get(recipe).config
    rates = {f"{who}_learning_rate": short.faster * getattr(original, f"{who}_learning_rate") for who in ("generator", "discriminator")}
    quiet = {"precision": "fp32", "score_samples": 0, "sample_every_seconds": 3600, "checkpoint_every_seconds": 3600, "seed": 1}
    small = {"width": SIDE, "height": SIDE, "generator_width": 16, "discriminator_width": 16, "batch_size": min(32, original.batch_size)}
    return configure(recipe, {**quiet, **small, **rates, "steps": short.steps, "mirror": False, **short.changes})


def learn(recipe: str, short: Short) -> tuple[Outcome, Outcome]:
    """Before and after a short run: what its weights draw, read from the file that one would download."""
    config = cut_down(recipe, short)
    images, yardstick = pictures(short.pictures, config.channels, short.count, two_classes=config.conditional)
    labels = torch.arange(DRAWN) % len(images.class_names) if config.conditional else None
    outcomes: list[Outcome] = []
    with TemporaryDirectory() as directory:
        events = train(config, images, Path(directory), device="cpu")
        for _ in events:
            break
        while True:
            try:
                event = events.send("checkpoint") if not outcomes else next(events)
            except StopIteration:
                break
            if isinstance(event, Checkpoint):
                outcomes.append(yardstick.measure(load(event.weights).generate(DRAWN, seed=2), labels))
    return outcomes[0], outcomes[-1]
