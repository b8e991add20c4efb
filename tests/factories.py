"""Small real things for tests of any part: people, datasets with pictures, runs with sheets and files."""

import hashlib
import io
import zipfile
from typing import Any

import numpy as np
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from gan_core.config import TrainConfig
from portal.datasets.models import Dataset, SkippedFile
from portal.runs.models import Artifact, LossPoint, Run, Sample, Status, Transition, weigh

CONFIG = TrainConfig(steps=100, width=16, height=16, channels="rgb", batch_size=4, generator_width=8, discriminator_width=8, latent_size=8)


def make_user(username: str, **values: Any) -> Any:
    return get_user_model().objects.create_user(username, password=f"{username}-has-a-long-password", **values)


def picture(seed: int, size: tuple[int, int] = (20, 16)) -> Image.Image:
    """A picture of random pixels, another one for each seed."""
    width, height = size
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def encoded(image: Image.Image, format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


def archive(*, classes: tuple[str, ...] = ("cats", "dogs"), each: int = 3, extra: dict[str, bytes] | None = None) -> bytes:
    """A zip with `each` pictures in a folder for each class, and further members; the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for label, name in enumerate(classes):
            for number in range(each):
                packed.writestr(zipfile.ZipInfo(f"{name}/{number}.png"), encoded(picture(100 * label + number)))
        for name, data in (extra or {}).items():
            packed.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def make_dataset(owner: Any, *, name: str = "Pets", visibility: str = "private", status: str = "ready", **values: Any) -> Dataset:
    """Only the row, as if its archive had been checked; `checked_dataset` makes a whole one."""
    facts: dict[str, Any] = {
        "image_count": 6,
        "classes": [{"name": "cats", "count": 3}, {"name": "dogs", "count": 3}],
        "modes": {"RGB": 6},
        "width": {"min": 20, "median": 20, "max": 20},
        "height": {"min": 16, "median": 16, "max": 16},
        "progress": 1.0,
    }
    return Dataset.objects.create(owner=owner, name=name, visibility=visibility, status=status, **{**facts, **values})


def checked_dataset(owner: Any, *, visibility: str = "private", data: bytes | None = None) -> Dataset:
    """A dataset that was really uploaded and really checked: six pictures in two classes and one skipped file."""
    from portal.datasets.upload import upload
    from worker.ingest import ingest

    content = ContentFile(data or archive(extra={"notes.txt": b"not a picture"}), name="pets.zip")
    dataset = upload(owner, content, name="Pets", visibility=visibility)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def make_run(owner: Any, dataset: Dataset | None = None, *, name: str = "Sunday pets", status: str = Status.QUEUED, **values: Any) -> Run:
    dataset = dataset or make_dataset(owner)
    config = values.pop("config", CONFIG).model_dump(mode="json")
    run = Run.objects.create(owner=owner, dataset=dataset, name=name, status=status, config=config, total_steps=100, **values)
    Transition.objects.create(run=run, to=Status.QUEUED, actor=owner, reason="Launched")
    return run


def finished_run(owner: Any, dataset: Dataset | None = None, **values: Any) -> Run:
    """A completed run with loss points, two sheets, a checkpoint, weights and a card, all with real files."""
    run = make_run(owner, dataset, status=Status.COMPLETED, step=100, attempt=1, finished=timezone.now(), log_tail="one\ntwo\n", **values)
    LossPoint.objects.bulk_create(
        LossPoint(run=run, attempt=1, step=step, seconds=step / 10, discriminator=1 / step, generator=step / 100) for step in range(1, 101)
    )
    for step in (0, 100):
        add_sample(run, step)
    for kind in Artifact.Kind:
        add_artifact(run, kind, 100)
    return run


def add_sample(run: Run, step: int) -> Sample:
    data = encoded(picture(step, (32, 32)), "WEBP")
    sample = Sample(
        run=run, attempt=run.attempt, step=step, epoch=step / 10, columns=2, rows=2, tile_width=16, tile_height=16, seed=0, bytes=len(data)
    )
    sample.image.save(f"{run.directory}/sample-{step}-{run.attempt}.webp", ContentFile(data))
    weigh(Run.objects.filter(pk=run.pk))
    return sample


def add_artifact(run: Run, kind: str, step: int, data: bytes | None = None) -> Artifact:
    data = bytes(range(256)) * 8 if data is None else data
    artifact = Artifact(run=run, attempt=run.attempt, kind=kind, step=step, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    artifact.file.save(f"{run.directory}/{kind}-{step}-{run.attempt}", ContentFile(data))
    weigh(Run.objects.filter(pk=run.pk))
    return artifact


def add_skipped(dataset: Dataset, count: int) -> None:
    SkippedFile.objects.bulk_create(
        SkippedFile(dataset=dataset, position=number, path=f"{number}.txt", reason="not_an_image") for number in range(count)
    )
