"""A run as a folder on disk: what `python -m gan_core train` leaves behind.

`config.json`, `pictures/` as prepared, `losses.csv`, `samples/<step>.png`, the last two checkpoints, and at the end
`weights.safetensors` with `model-card.md`.
"""

import csv
import hashlib
import os
from pathlib import Path

from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.events import Checkpoint, Event, Losses, Rewound, Samples
from gan_core.images.fit import Shape
from gan_core.images.manifest import Manifest
from gan_core.images.store import ImageStore, prepare
from gan_core.sheet import as_picture, compose

COLUMNS = ("step", "seconds", "discriminator", "generator", "augmentation")


class RunFolder:
    """Writes a run's events below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = path / "samples"
        self.losses = path / "losses.csv"
        self.weights = path / "weights.safetensors"

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
        rows: list[list[str]] = []
        if self.losses.exists():
            with self.losses.open(newline="", encoding="utf-8") as file:
                found = [dict(zip(COLUMNS, row, strict=False)) for row in list(csv.reader(file))[1:]]
                rows = [[row.get(name, "") for name in COLUMNS] for row in found if "generator" in row and int(row["step"]) <= step]
        with self.losses.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        for sheet in self.samples.glob("*.png"):
            if int(sheet.stem) > step:
                sheet.unlink()

    def record(self, event: Event) -> None:
        """Write what is worth keeping."""
        if isinstance(event, Losses):
            with self.losses.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow([event.step, round(event.seconds, 3), event.discriminator, event.generator, event.augmentation])
        elif isinstance(event, Samples) and event.label is None:
            as_picture(compose(event.images, event.columns)).save(self.samples / f"{event.step:08d}.png")
        elif isinstance(event, Rewound):
            self._rewind(event.step)

    def finish(self, config: TrainConfig, images: ImageStore, last: Checkpoint, *, dataset: str, recipe: str) -> None:
        """Give the newest weights their final name, and a card."""
        unfinished = self.weights.with_suffix(".unfinished")
        unfinished.write_bytes(last.weights.read_bytes())
        os.replace(unfinished, self.weights)
        card = model_card(
            config,
            title=self.path.resolve().name,
            channels=images.images.shape[3],
            step=last.step,
            image_count=len(images),
            class_names=images.class_names,
            recipe=recipe,
            dataset=dataset,
        )
        (self.path / "model-card.md").write_text(card, encoding="utf-8")
