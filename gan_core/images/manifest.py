"""What is in a dataset: one entry a usable picture, and the figures that follow from them."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from statistics import median
from typing import Self

from gan_core.images.boxes import Box

UNSORTED = "unsorted"
"""Class of the pictures outside any folder where others lie in folders."""


@dataclass(frozen=True, slots=True)
class Entry:
    position: int
    """Which file of the archive it is, skipped ones counted; paths may occur twice."""
    path: str
    label: int | None
    """Index into the manifest's class names; None throughout if there are no classes."""
    width: int
    height: int
    mode: str
    """Pillow's mode, as in the file."""
    transparent: bool
    grey: bool
    digest: str
    """Of the pixels: equal for equal pictures, whatever their files."""
    boxes: tuple[Box, ...] = ()
    """Around the subjects, in pixels of the upright picture; none if it is not annotated."""


@dataclass(frozen=True)
class Manifest:
    entries: tuple[Entry, ...]
    """In the order of the archive."""
    class_names: tuple[str, ...]
    """In label order; empty if the folders do not tell classes."""
    skipped: int

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def duplicates(self) -> int:
        """Pictures whose pixels equal an earlier one's."""
        return len(self.entries) - len({entry.digest for entry in self.entries})

    @cached_property
    def transparent(self) -> int:
        return sum(entry.transparent for entry in self.entries)

    @cached_property
    def annotated(self) -> int:
        """Pictures with boxes."""
        return sum(bool(entry.boxes) for entry in self.entries)

    @cached_property
    def boxes(self) -> int:
        return sum(len(entry.boxes) for entry in self.entries)

    @cached_property
    def classes(self) -> list[dict[str, str | int]]:
        """[{"name", "count"}] in label order."""
        counts = Counter(entry.label for entry in self.entries)
        return [{"name": name, "count": counts[label]} for label, name in enumerate(self.class_names)]

    @cached_property
    def modes(self) -> dict[str, int]:
        """Mode -> count, most frequent first."""
        return dict(Counter(entry.mode for entry in self.entries).most_common())

    @cached_property
    def width(self) -> dict[str, int]:
        """{"min", "median", "max"} in pixels; empty without pictures."""
        return _spread([entry.width for entry in self.entries])

    @cached_property
    def height(self) -> dict[str, int]:
        return _spread([entry.height for entry in self.entries])

    def to_json(self) -> str:
        """Column by column, which is half the size of one object an entry."""
        names = [field.name for field in fields(Entry) if field.name != "boxes" or self.boxes]
        columns = {name: [getattr(entry, name) for entry in self.entries] for name in names}
        return json.dumps({"version": 1, "class_names": self.class_names, "skipped": self.skipped, "entries": columns}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        content = json.loads(text)
        columns = content["entries"]
        boxes = [tuple(tuple(box) for box in boxes) for boxes in columns.get("boxes", ())] or [()] * len(columns["position"])
        rows = zip(*(columns[field.name] for field in fields(Entry) if field.name != "boxes"), boxes, strict=True)
        return cls(tuple(Entry(*row) for row in rows), tuple(content["class_names"]), content["skipped"])


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture as surveyed, before it is known which folders there are."""

    folder: str | None
    entry: Entry
    orientation: int = 1
    """EXIF's, of the file."""


def compose(listed: Iterable[Listed], skipped: int) -> Manifest:
    """Folders become classes, in natural order ("2" before "10"), unless there is only one of them."""
    listed = list(listed)
    folders = {item.folder if item.folder is not None else UNSORTED for item in listed}
    if len(folders) < 2:
        return Manifest(tuple(item.entry for item in listed), (), skipped)
    names = tuple(sorted(folders, key=_natural))
    index = {name: label for label, name in enumerate(names)}
    entries = tuple(_labelled(item.entry, index[item.folder if item.folder is not None else UNSORTED]) for item in listed)
    return Manifest(entries, names, skipped)


def _labelled(entry: Entry, label: int) -> Entry:
    return replace(entry, label=label)


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name) if part]


def _spread(values: list[int]) -> dict[str, int]:
    return {"min": min(values), "median": round(median(values)), "max": max(values)} if values else {}
