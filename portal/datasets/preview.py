"""What the network will see: sixteen pictures prepared as training prepares them."""

import random
from dataclasses import replace

import numpy as np

from gan_core.images.decode import Pixels
from gan_core.images.fit import Shape, fit
from gan_core.images.manifest import Entry
from gan_core.images.windows import cut, tiles, windows
from portal.datasets import pictures
from portal.datasets.models import Dataset
from portal.datasets.originals import Originals
from portal.datasets.smaller import as_image, encoded, reduction

COLUMNS = ROWS = 4


def sheet(dataset: Dataset, shape: Shape, *, mirror: bool, shuffle_seed: int) -> bytes:
    """PNG of 4 x 4 tiles without gaps, another choice of pictures, and of what is cut out of them, for every seed.

    Few pictures appear several times, as they do in a batch. They come from what is kept of the dataset: subjects of pictures
    larger than that look softer than training sees them. Raises FileNotFoundError if the dataset is not checked.
    """
    entries = pictures.manifest(dataset).entries
    originals = Originals(pictures.originals_name(dataset), len(entries))
    chance = random.Random(shuffle_seed)
    order = chance.sample(range(len(originals.indices)), len(originals.indices))
    pixels = np.empty((ROWS * shape.height, COLUMNS * shape.width, shape.channels), dtype=np.uint8)
    for tile in range(ROWS * COLUMNS):
        time, which = divmod(tile, len(order))
        entry = entries[originals.indices[order[which]]]
        part = _detail(originals, order[which], entry, shape, chance)
        if part is None:
            parts = windows(entry, shape)
            part = cut(originals.whole(order[which]), parts[(shuffle_seed + time) % len(parts)], entry)
        fitted = fit(part, shape)
        if mirror and chance.random() < 0.5:
            fitted = fitted[:, ::-1]
        row, column = divmod(tile, COLUMNS)
        pixels[row * shape.height :, column * shape.width :][: shape.height, : shape.width] = fitted
    return encoded(as_image(pixels), "PNG", compress_level=1)


def _detail(originals: Originals, place: int, entry: Entry, shape: Shape, chance: random.Random) -> Pixels | None:
    """A tile in more detail than the whole picture is kept in, if that is needed and there is any."""
    if not shape.tiles or shape.tile_scale >= reduction(entry.width, entry.height):
        return None
    middle = originals.middle(place)
    if middle is None or middle.shape[1] < shape.width * shape.tile_scale or middle.shape[0] < shape.height * shape.tile_scale:
        return None
    left, top, right, bottom = tiles(middle.shape[1], middle.shape[0], replace(shape, tiles=1), chance)[0]
    return middle[top:bottom, left:right]
