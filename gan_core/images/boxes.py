"""Rectangles in a picture, and which annotation file belongs to which picture."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are just outside."""

CONTAINERS = {"images", "image", "jpegimages", "imgs", "img", "annotations", "annotation", "xmls", "xml", "labels", "boxes", "bndbox"}
"""Folders that keep pictures and annotations apart and say nothing else."""


def upright(box: Box, orientation: int, width: int, height: int) -> Box | None:
    """A box in the file's own pixels -> the same in the upright picture, clipped to it; None if nothing is left.

    Args:
        orientation: EXIF's, 1 to 8: how the file has to be turned.
        width, height: of the upright picture.
    """
    across, down = (height, width) if orientation >= 5 else (width, height)  # as in the file
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(across, box[2]), min(down, box[3])
    if left >= right or top >= bottom:
        return None
    if orientation in (2, 3, 7, 8):
        left, right = across - right, across - left
    if orientation in (3, 4, 6, 7):
        top, bottom = down - bottom, down - top
    return (top, left, bottom, right) if orientation >= 5 else (left, top, right, bottom)


def pair(pictures: Sequence[str], annotations: Sequence[str]) -> dict[int, int]:
    """Index of a picture -> index of its annotation, by their paths in the archive.

    Their names agree but for the ending. Where names occur more than once the folders have to agree as well, at first all
    of them, then the last; what stays ambiguous is not paired, for a wrong box is worse than none.
    """
    ours = [_keys(path, PurePosixPath(path).stem) for path in pictures]
    theirs = [_keys(path, PurePosixPath(path).name.removesuffix(".xml").removesuffix(".XML")) for path in annotations]
    found: dict[int, int] = {}
    taken: set[int] = set()
    for level in range(3):
        single = _single(keys[level] for keys in theirs)
        for key, picture in _single(keys[level] for keys in ours).items():
            annotation = single.get(key)
            if annotation is not None and annotation not in taken and picture not in found:
                found[picture] = annotation
                taken.add(annotation)
    return found


def _keys(path: str, stem: str) -> tuple[tuple[str, ...], ...]:
    folders = [part for part in PurePosixPath(path).parent.parts if part.lower() not in CONTAINERS]
    return (stem, *folders), (stem, *folders[-1:]), (stem,)


def _single(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Key -> index of those that occur once."""
    seen: dict[tuple[str, ...], int] = {}
    for index, key in enumerate(keys):
        seen[key] = -1 if key in seen else index
    return {key: index for key, index in seen.items() if index >= 0}
