"""A run as a folder on disk: what `python -m gan_core train` leaves behind.

`config.json`, `pictures/` as prepared, `losses.csv`, `scores.csv`, `samples/<step>.png`, the last two checkpoints and the one with the best
score, and at the end `weights.safetensors` with `model-card.md`, and `best.safetensors` if earlier weights had a better score.
"""

import csv
import dataclasses
import hashlib
import os
from pathlib import Path

from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.events import Checkpoint, Event, Losses, Rewound, Samples, Scores
from gan_core.images.fit import Shape
from gan_core.images.manifest import Manifest
from gan_core.images.store import ImageStore, prepare
from gan_core.sheet import as_picture, compose

COLUMNS = ("step", "seconds", "discriminator", "generator", "augmentation")
SCORES = tuple(field.name for field in dataclasses.fields(Scores))


class RunFolder:
    """Writes a run's events below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = path / "samples"
        self.losses = path / "losses.csv"
        self.scores = path / "scores.csv"
        self.weights = path / "weights.safetensors"
        self.best = path / "best.safetensors"
        self._newest: Scores | None = None
        self._best: Checkpoint | None = None

    def start(self, config: TrainConfig, *, resume: bool) -> Path | None:
        """Make the folder ready; gives the checkpoint to go on from, if `resume` and there is one.

        Raises:
            ConfigMismatch: there is a run in it already, and it is not to be resumed.
        """
        self.samples.mkdir(parents=True, exist_ok=True)
        found = sorted(self.path.glob("checkpoint-*.safetensors"))
        if (found or self.losses.exists()) and not resume:
            raise ConfigMismatch(f"{self.path} holds a run already. Go on with it by --resume, or choose another folder.")
        (self.path / "config.json").write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
        self._rewind(int(found[-1].stem.partition("-")[2]) if found else -1)
        return found[-1] if found else None

    def prepare(self, source: Path, manifest: Manifest, config: TrainConfig) -> ImageStore:
        """The pictures as the networks see them, kept below the folder for as long as they stay the same."""
        shape = Shape.of(config, manifest)
        contents = "".join(f"{entry.path}{entry.digest}{entry.boxes}" for entry in manifest.entries)  # the path tells the class
        digest = hashlib.blake2b(contents.encode(errors="surrogateescape"), digest_size=4).hexdigest()
        return prepare(source, manifest, self.path / "pictures" / f"{shape.key}-{digest}", shape)

    def _rewind(self, step: int) -> None:
        """Drop what was recorded after that step: it is going to be repeated."""
        for path, columns in ((self.losses, COLUMNS), (self.scores, SCORES)):
            rows = _rows(path, columns, step)
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([columns, *rows])
        for sheet in self.samples.glob("*.png"):
            if int(sheet.stem) > step:
                sheet.unlink()

    def record(self, event: Event) -> None:
        """Write what is worth keeping."""
        if isinstance(event, Losses):
            with self.losses.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow([event.step, round(event.seconds, 3), event.discriminator, event.generator, event.augmentation])
        elif isinstance(event, Scores):
            self._newest = event
            with self.scores.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow([getattr(event, name) for name in SCORES])
        elif isinstance(event, Checkpoint) and event.best:
            _copy(event.weights, self.best)
            self._best = event
        elif isinstance(event, Samples) and event.label is None:
            as_picture(compose(event.images, event.columns)).save(self.samples / f"{event.step:08d}.png")
        elif isinstance(event, Rewound):
            self._rewind(event.step)

    def finish(self, config: TrainConfig, images: ImageStore, last: Checkpoint, *, dataset: str, recipe: str) -> None:
        """Give the newest weights their final name, and a card."""
        _copy(last.weights, self.weights)
        if self._best is not None and self._best.step == last.step:
            self.best.unlink()  # the newest are the best
        card = model_card(
            config,
            title=self.path.resolve().name,
            channels=images.images.shape[3],
            step=last.step,
            image_count=len(images),
            class_names=images.class_names,
            recipe=recipe,
            dataset=dataset,
            scores=self._newest,
        )
        (self.path / "model-card.md").write_text(card, encoding="utf-8")


def _rows(path: Path, columns: tuple[str, ...], step: int) -> list[list[str]]:
    """The complete rows of a table up to that step; one that was being written when the process ended is none."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    named = [dict(zip(found[0], row, strict=False)) for row in found[1:] if len(row) == len(found[0])]
    return [[row.get(name, "") for name in columns] for row in named if int(row["step"]) <= step]


def _copy(source: Path, target: Path) -> None:
    """The old file or the new one is there, never half of one."""
    unfinished = target.with_suffix(".unfinished")
    unfinished.write_bytes(source.read_bytes())
    os.replace(unfinished, target)
