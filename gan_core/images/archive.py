"""An archive, folder or single picture -> its files, as far as they look like pictures or annotations.

Archives come from strangers. Nothing is ever written to a path from an archive; sizes in headers are not believed;
every byte and entry counts against limits; what cannot be used is skipped with a reason or refuses the whole.
"""

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gan_core.errors import ArchiveRefused
from gan_core.images import signatures, tars, zips
from gan_core.images.member import HEAD, Annotation, Budget, Item, Limits, Member, Metered, Skipped, clean, judged, size_text, take

__all__ = ["Annotation", "Item", "Limits", "Member", "Skipped", "members"]


def members(source: Path | BinaryIO, limits: Limits = Limits()) -> Iterator[Item]:  # noqa: B008 - frozen
    """Every file of a zip, a tar (plain, gz, bz2, xz), a folder, or the one picture that `source` is.

    The first bytes decide what it is. Files are read one by one, in the order of the archive.

    Raises:
        ArchiveRefused: it is none of these, damaged as a whole, or passes one of the limits.
    """
    budget = Budget(limits)
    if not isinstance(source, Path):
        yield from _of_file(source, budget)
    elif source.is_dir():
        yield from _of_folder(source, budget)
    elif source.is_file():
        with source.open("rb") as file:
            yield from _of_file(file, budget)
    else:
        raise ArchiveRefused(f"There is no file or folder {source}.")


def _of_file(file: BinaryIO, budget: Budget) -> Iterator[Item]:
    size = file.seek(0, io.SEEK_END)
    if size > budget.limits.archive_bytes:
        raise ArchiveRefused(f"The archive has {size_text(size)}, the limit here is {size_text(budget.limits.archive_bytes)}.")
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise ArchiveRefused("The file is empty.")
    if signatures.picture_format(head):
        yield take(Path(clean(str(getattr(file, "name", None) or "picture"))).name, Metered(file, budget), budget.limits)
    elif signatures.is_zip(head):
        yield from zips.members(file, budget)
    elif head.startswith((signatures.GZIP, signatures.BZIP2, signatures.XZ)) or signatures.is_tar(head):
        yield from tars.members(file, budget)
    else:
        raise ArchiveRefused("This is neither a zip or tar archive nor a picture.")


def _of_folder(folder: Path, budget: Budget) -> Iterator[Item]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            budget.entry()
            file = Path(parent, name)
            yield _on_disk(file, clean(file.relative_to(folder).as_posix()), budget)


def _on_disk(file: Path, path: str, budget: Budget) -> Item:
    if not stat.S_ISREG(file.lstat().st_mode):
        return Skipped(path, "link")

    def read() -> Item:
        with file.open("rb") as stream:
            return take(path, Metered(stream, budget), budget.limits)

    return judged(path, read)
