"""What this node keeps on its disk for the next run: copies of archives, and prepared pictures.

An entry is a file or a directory. A process that uses one holds a shared lock on it, which the system frees when the process ends;
whoever makes one holds the lock of its name, so that of two runs that need it one makes it and the other waits. Above the bound the least
recently used go, never what is in use.
"""

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

CACHE: Path = settings.GANVAS_CACHE
ARCHIVES = CACHE / "archives"
PREPARED = CACHE / "prepared"
LOCK = ".lock"
"""Ending of the empty files by which makers of an entry wait for each other."""

_used: dict[Path, int] = {}
"""Open descriptors of the entries that this process uses."""


@contextmanager
def making(path: Path) -> Iterator[None]:
    """One process at a time looks for the entry, and makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock_file(path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def lock_file(path: Path) -> Path:
    return path.with_name(f".{path.name}{LOCK}")


def use(path: Path) -> bool:
    """Keep the entry until this process ends or releases it. False if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(descriptor), path.stat()):  # else it was dropped a moment ago
            os.utime(path)  # the mark of its last use
            release(path)
            _used[path] = descriptor
            return True
    os.close(descriptor)
    return False


def release(path: Path) -> None:
    if path in _used:
        os.close(_used.pop(path))


def drop(path: Path) -> bool:
    """Delete the entry unless somebody uses it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            return False  # made anew a moment ago, and used perhaps
        discard(path)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    finally:
        os.close(descriptor)
    return True


def discard(path: Path) -> None:
    """Take the entry out of the cache at once. Whoever has it open keeps what they have."""
    gone = path.with_name(f".gone-{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):
        path.rename(gone)
        if gone.is_dir():
            shutil.rmtree(gone, ignore_errors=True)
        else:
            gone.unlink()


def make_room(more: int = 0) -> None:
    """Drop entries until so many bytes more fit under the bound, or all that is left is in use."""
    entries = sorted(_entries())
    total = more + sum(size for _, size, _ in entries)
    for _, size, path in entries:
        if total <= settings.GANVAS_CACHE_BYTES:
            return
        if drop(path):
            total -= size


def _entries() -> Iterator[tuple[float, int, Path]]:
    """(last use, bytes, path) of each."""
    for path in (*ARCHIVES.glob("[!.]*"), *PREPARED.glob("[!.]*")):
        with suppress(FileNotFoundError):  # somebody else drops, too
            files = [path, *path.iterdir()] if path.is_dir() else [path]
            yield path.stat().st_mtime, sum(file.stat().st_size for file in files), path


def digest(path: Path) -> str:
    """Sha256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
