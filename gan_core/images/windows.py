"""Which parts of a picture a run trains on: the whole, its subjects, or tiles at random places."""

import math
import random

from gan_core.images.boxes import Box
from gan_core.images.decode import Pixels
from gan_core.images.fit import Shape
from gan_core.images.manifest import Entry

MARGIN = 0.05
"""Added to a box at each of its sides, as a share of its width or height."""


def windows(entry: Entry, shape: Shape) -> list[Box]:
    """In pixels of the upright picture. The same for every run that asks for the same shape."""
    if shape.tiles:
        return tiles(entry.width, entry.height, shape, random.Random(entry.digest))
    if shape.crop_to_boxes and entry.boxes:
        return [_around(box, entry, shape) for box in entry.boxes]
    return [(0, 0, entry.width, entry.height)]


def tiles(width: int, height: int, shape: Shape, chance: random.Random) -> list[Box]:
    """`shape.tiles` windows in a picture of so many pixels, each of `tile_scale` times the drawn size if that fits.

    The places are cells of a grid, each used once, and a random offset within them: so no two tiles are the same unless
    there are more tiles than places.
    """
    scale = min(shape.tile_scale, width / shape.width, height / shape.height)
    across, down = max(1, min(width, round(shape.width * scale))), max(1, min(height, round(shape.height * scale)))
    free = width - across + 1, height - down + 1  # places along each axis
    columns = min(free[0], max(1, round(math.sqrt(shape.tiles * free[0] * down / (free[1] * across)))))
    rows = min(free[1], math.ceil(shape.tiles / columns))
    columns = min(free[0], math.ceil(shape.tiles / rows))
    cells: list[int] = []
    while len(cells) < shape.tiles:
        cells += chance.sample(range(columns * rows), min(columns * rows, shape.tiles - len(cells)))
    corners = [(_within(cell % columns, columns, free[0], chance), _within(cell // columns, rows, free[1], chance)) for cell in cells]
    return [(left, top, left + across, top + down) for left, top in corners]


def _within(cell: int, cells: int, places: int, chance: random.Random) -> int:
    return chance.randrange(cell * places // cells, (cell + 1) * places // cells)


def _around(box: Box, entry: Entry, shape: Shape) -> Box:
    """The box with a margin, widened to the drawn aspect as far as the picture reaches, and moved inside it."""
    left, top, right, bottom = box
    across, down = (right - left) * (1 + 2 * MARGIN), (bottom - top) * (1 + 2 * MARGIN)
    aspect = shape.width / shape.height
    across, down = max(across, down * aspect), max(down, across / aspect)
    across, down = min(entry.width, round(across)), min(entry.height, round(down))
    left = min(max(0, round((left + right - across) / 2)), entry.width - across)
    top = min(max(0, round((top + bottom - down) / 2)), entry.height - down)
    return left, top, left + across, top + down


def needed(entry: Entry, shape: Shape, parts: list[Box]) -> tuple[int, int]:
    """The (width, height) at which the picture has to be decoded so that every part is twice as large as drawn."""
    if parts == [(0, 0, entry.width, entry.height)]:
        return shape.at_least
    share = max(max(shape.width / (right - left), shape.height / (bottom - top)) for left, top, right, bottom in parts)
    side = math.ceil(2 * share * min(entry.width, entry.height))
    return side, side


def cut(picture: Pixels, part: Box, entry: Entry) -> Pixels:
    """That part of the decoded picture, which may be smaller than the file's."""
    across, down = _scaled(part[0], part[2], entry.width, picture.shape[1]), _scaled(part[1], part[3], entry.height, picture.shape[0])
    return picture[down, across]


def _scaled(start: int, end: int, full: int, size: int) -> slice:
    first = min(round(start * size / full), size - 1)
    return slice(first, max(first + 1, round(end * size / full)))
