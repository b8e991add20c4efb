"""A small installation to look at: real digits as pictures, runs in every state with sheets made of them."""

import io
import zipfile
from functools import cache
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from PIL import Image

from gan_core.recipes import RECIPES
from portal.datasets import pictures, samples
from portal.datasets.models import Dataset
from portal.datasets.upload import upload
from portal.runs.models import LossPoint, Run, Sample, Score, Status
from tests import factories
from worker.ingest import ingest

EXTRACTOR = "EfficientNet-Lite0 at 128 px"
STEPS = (0, 40, 100, 200, 400, 700, 1000)


@cache
def archive_of_digits(count: int = 200) -> bytes:
    """A zip of real digits, evenly chosen from the sample collection; folders are the ten classes."""
    whole, few = io.BytesIO(), io.BytesIO()
    samples.build("digits", whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(few, "w") as target:
        names = source.namelist()
        for name in names[:: len(names) // count][:count]:
            target.writestr(name, source.read(name))
    return few.getvalue()


def digits(owner: Any, visibility: str = "public") -> Dataset:
    """Two hundred real digits, uploaded and checked as a worker does."""
    dataset = upload(owner, ContentFile(archive_of_digits(), name="digits.zip"), name="Digits", visibility=visibility)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == "ready", dataset.error
    return dataset


def sheet(dataset: Dataset, share: float, side: int = 8) -> bytes:
    """Pictures of the dataset as one sheet, emerging from noise: `share` 1 shows them as they are."""
    random = np.random.default_rng(1)
    place = np.zeros((side * 28, side * 28), np.uint8)
    for index in range(side * side):
        tile = np.asarray(Image.open(io.BytesIO(pictures.thumbnail(dataset, index * 3))).convert("L").resize((28, 28)))
        mixed = share * tile + (1 - share) * random.integers(0, 255, tile.shape)
        row, column = divmod(index, side)
        place[row * 28 : row * 28 + 28, column * 28 : column * 28 + 28] = mixed
    return factories.encoded(Image.fromarray(place), "WEBP")


def add_sheet(run: Run, step: int, share: float) -> Sample:
    data = sheet(run.dataset, share)
    sample = Sample(
        run=run, attempt=run.attempt, step=step, epoch=step / 80, columns=8, rows=8, tile_width=28, tile_height=28, seed=0, bytes=len(data)
    )
    sample.image.save(f"{run.directory}/sample-{step}-{run.attempt}.webp", ContentFile(data))
    return sample


def add_score(run: Run, step: int, kid: float, best: bool = False) -> Score:
    """A score as the features of EfficientNet give it for digits."""
    if best:
        Run.objects.filter(pk=run.pk).update(best_step=step)
    values = {"fd": 41.2 + 4000 / step, "precision": 0.81, "recall": 0.64, "density": 0.9, "coverage": 0.7, "mifid": 44.0, "copies": 0.016}
    told = {"extractor": EXTRACTOR, "samples": 1000, "real": 2000, "seed": 0}
    return Score.objects.create(run=run, attempt=1, step=step, seconds=step / 6, kid=kid, kid_error=0.02 * kid, cost=1.0, **told, **values)


def add_nearest(sample: Sample) -> None:
    """The pictures that its tiles are made of, and the next ones: every third as far as usual, the others too near."""
    tiles = sample.columns * sample.rows
    count = sample.run.dataset.image_count
    found = [[[(tile * 3 + place) % count, (0.4 if tile % 3 == 2 else 0.1) + 0.02 * place] for place in range(6)] for tile in range(tiles)]
    Sample.objects.filter(pk=sample.pk).update(nearest={"extractor": EXTRACTOR, "usual": 0.4, "tiles": found})


def run_with_scores(owner: Any, dataset: Dataset, **values: Any) -> Run:
    """The run of `run_with_sheets`, scored five times; the sheets from step 400 on know their neighbours."""
    run = run_with_sheets(owner, dataset, **values)
    for step, kid in ((150, 0.62), (350, 0.21), (550, 0.094), (750, 0.061), (950, 0.066)):
        add_score(run, step, kid, best=step != 950)
    for sample in run.samples.filter(step__gte=400):
        add_nearest(sample)
    run.refresh_from_db()
    return run


def run_with_sheets(owner: Any, dataset: Dataset, status: str = Status.RUNNING, **values: Any) -> Run:
    """A run at step 1000 of 5000 with seven sheets and a loss curve."""
    config = RECIPES["satellite"].config
    facts = {
        "visibility": "public",
        "recipe": "satellite",
        "step": 1000,
        "attempt": 1,
        "worker": "train@test",
        "device": "CPU",
        "images_per_second": 400.0,
    }
    run = factories.make_run(owner, dataset, status=status, config=config, **{**facts, **values})
    Run.objects.filter(pk=run.pk).update(total_steps=5000, log_tail="Training on CPU.\n5000 pictures, 5000 steps.")
    for step in STEPS:
        add_sheet(run, step, min(1.0, step / 700))
    LossPoint.objects.bulk_create(
        LossPoint(run=run, attempt=1, step=step, seconds=step / 6, discriminator=0.5 + 1 / step, generator=1.5 - 1 / step)
        for step in range(10, 1001, 10)
    )
    run.refresh_from_db()
    return run
