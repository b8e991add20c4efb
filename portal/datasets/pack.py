"""Many small blobs in one stored file, each read by its range: a hundred thousand thumbnails are two files, not as many objects."""

import io
from functools import lru_cache
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage


class Pack:
    """Writes blobs one after the other into an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ends = [0]

    def add(self, blob: bytes) -> None:
        self._file.write(blob)
        self._ends.append(self._ends[-1] + len(blob))

    def store(self, name: str) -> int:
        """Save under that name in the file storage; bytes stored."""
        table = np.array(self._ends, dtype="<u8").tobytes()
        self._file.seek(0)
        default_storage.save(name, File(self._file))
        default_storage.save(_table_name(name), ContentFile(table))
        return self._ends[-1] + len(table)


def count(name: str) -> int:
    """How many blobs are in a stored pack. Raises FileNotFoundError."""
    return len(_table(name)) - 1


def blob(name: str, index: int) -> bytes:
    """One blob of a stored pack.

    Raises:
        IndexError: there is none of that index.
        FileNotFoundError
    """
    ends = _table(name)
    if not 0 <= index < len(ends) - 1:
        raise IndexError(index)
    return _read(name, int(ends[index]), int(ends[index + 1]))


def _table_name(name: str) -> str:
    return f"{name}.ends"


@lru_cache(maxsize=64)  # a stored pack never changes
def _table(name: str) -> npt.NDArray[np.uint64]:
    with default_storage.open(_table_name(name), "rb") as file:
        return np.frombuffer(file.read(), dtype="<u8")


def _read(name: str, start: int, end: int) -> bytes:
    with default_storage.open(name, "rb") as file:
        remote = getattr(file, "obj", None)
        if remote is not None:  # S3: reading the file object would first fetch the whole of it
            return bytes(remote.get(Range=f"bytes={start}-{end - 1}")["Body"].read())
        file.seek(start, io.SEEK_SET)
        return bytes(file.read(end - start))
