"""The small picture by which one knows a run in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.datasets import facts
from portal.datasets.models import Dataset
from portal.runs import showcase
from portal.runs.models import Run, Sample

TILE = 64
"""Pixels of the largest tile as it is shown."""


@dataclass(frozen=True, slots=True)
class Face:
    """The picture of a run: the first tile of its newest sheet, or one of the pictures that it learns."""

    image: str
    width: int
    """Of the tile, in pixels as it was drawn."""
    height: int
    sheet_width: int = 0
    """0 if the picture is no sheet."""
    sheet_height: int = 0

    @property
    def scale(self) -> float:
        """The largest whole multiple that fits; a tile that is larger than its place shrinks."""
        side = max(self.width, self.height)
        return TILE // side if side <= TILE else TILE / side

    @property
    def shown_width(self) -> int:
        return round(self.scale * self.width)

    @property
    def shown_height(self) -> int:
        return round(self.scale * self.height)


def faces(runs: Sequence[Run], user: Any) -> dict[UUID, Face]:
    """Run id -> its picture, in three queries however many runs. A run's dataset may be another one's secret."""
    sheets = showcase.newest_sheets(runs)
    without = {run.dataset_id for run in runs if run.pk not in sheets}
    datasets = Dataset.objects.visible_to(user).filter(status=Dataset.Status.READY).in_bulk(without)
    found = {pk: _sheet_face(sheet) for pk, sheet in sheets.items()}
    for run in runs:
        if run.pk not in sheets and run.dataset_id in datasets:
            found[run.pk] = _picture_face(datasets[run.dataset_id])
    return found


def _picture_face(dataset: Dataset) -> Face:
    sizes = [dataset.width or {}, dataset.height or {}]
    width, height = (int(size["max"]) if size.get("min") == size.get("max") else TILE for size in sizes)
    is_small = max(width, height) <= TILE
    return Face(facts.thumbnail(dataset, 0), width if is_small else TILE, height if is_small else TILE)


def _sheet_face(sheet: Sample) -> Face:
    width, height = sheet.tile_width, sheet.tile_height
    return Face(sheet.address, width, height, width * sheet.columns, height * sheet.rows)
