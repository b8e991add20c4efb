"""What a dataset is, in the few words of its page and cards."""

from collections.abc import Sequence
from math import gcd
from typing import Any, TypeVar

from portal import words
from portal.addresses import address
from portal.datasets.models import Dataset

Item = TypeVar("Item")

UNEVEN = 10
"""The largest class has at least this many times the pictures of the smallest: worth a remark."""


def thumbnail(dataset: Dataset, index: int) -> str:
    return address("api:dataset-thumbnail", dataset.pk, index)


def spread(dataset: Dataset, count: int) -> list[str]:
    """Addresses of `count` thumbnails, evenly spread over the dataset."""
    total = dataset.image_count
    places = range(total) if total <= count else [place * total // count for place in range(count)]
    return [thumbnail(dataset, index) for index in places]


def mixed(items: Sequence[Item]) -> list[Item]:
    """All items in an order whose every stretch is spread over the whole: archives are sorted by class, walls should not be.

    Steps of about the golden section visit each place once if the step and the count have no common divisor.
    """
    count = len(items)
    step = next((step for step in range(round(count * 0.618), count) if gcd(step, count) == 1), 1)
    return [items[place * step % count] for place in range(count)]


def line(dataset: Dataset) -> str:
    """1 911 pictures · 10 classes"""
    classes = words.counted(len(dataset.classes), "class", "classes")
    return f"{words.counted(dataset.image_count, 'picture')} · {classes}"


def sentence(dataset: Dataset) -> str:
    """1 000 pictures, 128 × 128, transparent, no classes"""
    parts = [words.counted(dataset.image_count, "picture"), size(dataset)[0]]
    if dataset.transparent_count * 2 > dataset.image_count:
        parts.append("transparent")
    parts.append(words.counted(len(dataset.classes), "class", "classes"))
    return ", ".join(part for part in parts if part)


def size(dataset: Dataset) -> tuple[str, str]:
    """The pictures' size, and what that means: ("64 × 64", "every picture")."""
    width, height = dataset.width or {}, dataset.height or {}
    if not width:
        return "", ""
    if width["min"] == width["max"] and height["min"] == height["max"]:
        return f"{width['min']} × {height['min']}", "every picture"
    return f"{width['median']:.0f} × {height['median']:.0f}", f"in the middle, {width['min']} to {width['max']} wide"


def colours(dataset: Dataset) -> tuple[str, str]:
    """Grey, colour or transparent, and how many."""
    if dataset.transparent_count:
        share = "every picture" if dataset.transparent_count == dataset.image_count else f"{words.number(dataset.transparent_count)} with alpha"
        return "Transparent", share
    grey = sum(count for mode, count in dataset.modes.items() if mode in ("1", "L", "LA", "I", "I;16", "F"))
    if grey == dataset.image_count:
        return "Grey", "every picture"
    return "Colour", f"{words.number(grey)} are grey" if grey else "no transparency"


def strip(dataset: Dataset) -> list[tuple[str, str]]:
    """The five facts above a dataset's pictures."""
    return [
        (words.number(dataset.image_count), "picture ready" if dataset.image_count == 1 else "pictures ready"),
        size(dataset),
        colours(dataset),
        (words.number(dataset.duplicates), "duplicate" if dataset.duplicates == 1 else "duplicates"),
        (words.number(dataset.skipped_count), "file skipped" if dataset.skipped_count == 1 else "files skipped"),
    ]


def uneven(dataset: Dataset) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The smallest and the largest class, if they are far apart."""
    if len(dataset.classes) < 2:
        return None
    least, most = (choose(dataset.classes, key=lambda one: one["count"]) for choose in (min, max))
    return (least, most) if most["count"] >= UNEVEN * least["count"] else None
