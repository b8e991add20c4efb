"""What every kind of archive yields: pictures, annotations and skipped entries, under limits that count what is really read."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from gan_core.errors import ArchiveRefused, PictureSkipped
from gan_core.images import signatures, voc

HEAD = 512
"""Bytes read of a member before it is decided whether to read the rest."""
SYSTEM_FILES = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's archive is worked through before it is refused."""

    archive_bytes: int = 20 * 10**9
    entries: int = 1_000_000
    """Files and folders together."""
    unpacked_bytes: int = 50 * 10**9
    """Of all members together, as really unpacked; headers are not believed."""
    pixels: int = 100_000_000
    """Width times height of one picture."""

    @property
    def picture_bytes(self) -> int:
        """Largest file taken for one picture: its pixels uncompressed, with alpha, and a little for metadata."""
        return 4 * self.pixels + 2**20


@dataclass(frozen=True, slots=True)
class Member:
    """A file that begins like a picture, read whole."""

    path: str
    """As in the archive, with forward slashes, cleaned of what no database takes."""
    label: str | None
    """Name of the folder the file lies directly in; None at the top."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Annotation:
    """A file that begins like an annotation, read whole."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    path: str
    reason: str
    """A key of SKIP_REASONS."""
    detail: str = ""


Item = Member | Annotation | Skipped


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Budget:
    """Counts the entries and bytes of one archive; raises ArchiveRefused when a limit is passed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._entries = 0
        self._bytes = 0

    def entry(self) -> None:
        self._entries += 1
        if self._entries > self.limits.entries:
            raise ArchiveRefused(f"The archive holds more than {self.limits.entries:,} entries, which is the limit here.")

    def spend(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self.limits.unpacked_bytes:
            raise ArchiveRefused(f"The archive unpacks to more than {size_text(self.limits.unpacked_bytes)}, which is the limit here.")


class Metered:
    """A stream whose every byte is charged to the budget."""

    def __init__(self, stream: Readable, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._budget.spend(len(data))
        return data


def size_text(count: int) -> str:
    """1500000 -> "1.5 MB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"


def printable(text: str) -> str:
    """Text as databases, JSON and pages take it: no control characters, no broken Unicode."""
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"[\x00-\x1f\x7f]", "\ufffd", whole)


def clean(name: str) -> str:
    """A printable path with forward slashes; composed, so that equal folders are equal."""
    return unicodedata.normalize("NFC", printable(name.replace("\\", "/")))


def path_problem(path: str) -> str | None:
    """The reason to skip this (cleaned) path unread, or None. Paths only name members; none is ever written to."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in parts:
        return "unsafe_path"
    if any(part.startswith(".") or part.lower() in SYSTEM_FILES for part in parts):
        return "hidden"
    return None


def take(path: str, stream: Readable, limits: Limits) -> Item:
    """Read one file as far as it deserves: the head first, the rest only of what begins like a picture or an annotation."""
    head = stream.read(HEAD)
    annotation = voc.begins(head)
    try:
        if not annotation:
            signatures.check(head)
        data = head if len(head) < HEAD else head + _rest(stream, voc.MOST_BYTES if annotation else limits.picture_bytes)
    except PictureSkipped as skipped:
        return Skipped(path, skipped.reason, skipped.detail)
    return Annotation(path, data) if annotation else Member(path, PurePosixPath(path).parent.name or None, data)


def _rest(stream: Readable, limit: int) -> bytes:
    """All that follows the head. Streams may return less than asked for."""
    chunks: list[bytes] = []
    left = limit - HEAD + 1
    while left > 0 and (chunk := stream.read(min(left, 2**20))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise PictureSkipped("too_large", f"More than {size_text(limit)}")
    return b"".join(chunks)


def judged(path: str, read: Callable[[], Item]) -> Item:
    """`read()` unless the path alone is a reason to skip."""
    reason = path_problem(path)
    return Skipped(path, reason) if reason else read()
