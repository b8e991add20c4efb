"""Sample sheets: from tiles to a picture file in storage. Torch-free."""

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_core.events import Samples
from gan_core.sheet import compose
from portal.runs.models import Run, Sample
from worker import artifacts

PIXEL_ART = 32
"""Tiles up to this many pixels are shown enlarged, where every artefact of compression would be seen: they are kept exactly."""


def upload(run: Run, attempt: int, event: Samples, class_names: Sequence[str]) -> Sample:
    """Store the picture of a sheet; the row is made but not yet saved."""
    picture = encode(event.images, event.columns)
    kind = "" if event.label is None else f"-class{event.label}"
    name = artifacts.store(f"{run.directory}/samples/{event.step}-{attempt}{kind}.webp", partial(BytesIO, picture))
    _, height, width, _ = event.images.shape
    labels = event.row_labels if event.label is None else (event.label,) * event.rows
    sample = Sample(run=run, attempt=attempt, step=event.step, epoch=event.epoch, image=name, bytes=len(picture), seed=event.seed, label=event.label)
    sample.row_labels = [class_names[label] for label in labels]
    sample.columns, sample.rows, sample.tile_width, sample.tile_height = event.columns, event.rows, width, height
    return sample


def nearest(event: Samples, files: Sequence[int]) -> dict[str, Any] | None:
    """The training pictures nearest to each tile, as a row keeps them: `files` gives for each place in the prepared pictures the dataset's.

    Of several pieces of one picture only the nearest counts.
    """
    if event.nearest is None:
        return None
    pairs = zip(event.nearest.indices.tolist(), event.nearest.distances.tolist(), strict=True)
    tiles = []
    for places, distances in pairs:
        found: dict[int, float] = {}
        for place, distance in zip(places, distances, strict=True):
            found.setdefault(files[place], round(distance, 4))
        tiles.append([[index, distance] for index, distance in found.items()])
    return {"extractor": event.nearest.extractor, "usual": round(event.nearest.usual, 4), "tiles": tiles}


def encode(images: npt.NDArray[np.uint8], columns: int) -> bytes:
    """Tiles (N, H, W, C), C in {1, 3, 4}, as one WebP; transparency stays."""
    sheet = compose(images, columns)
    picture = Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet)
    file = BytesIO()
    if max(images.shape[1:3]) <= PIXEL_ART:
        picture.save(file, "WEBP", lossless=True, exact=True, method=2)
    else:
        picture.save(file, "WEBP", quality=90, alpha_quality=100, method=2)
    return file.getvalue()
