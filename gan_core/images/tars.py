"""The members of a tar archive, plain or compressed, read front to back without ever seeking."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Self

from gan_core.errors import ArchiveRefused
from gan_core.images import signatures
from gan_core.images.member import Budget, Item, Metered, Readable, Skipped, clean, judged, take

DAMAGED = "The tar archive is damaged or was not uploaded completely."
EXTENDED_HEADERS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
EXTENDED_HEADER_BYTES = 2**20
XZ_MEMORY = 256 * 2**20
"""xz -9 needs 65 MB; a hostile header may ask for 4 GB."""


def members(file: BinaryIO, budget: Budget) -> Iterator[Item]:
    """Every file in the order of the archive.

    Raises:
        ArchiveRefused: damaged, cut short, no tar inside the compression, or a limit of the budget is passed.
    """
    try:
        stream = Metered(_unpacked(file), budget)
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:  # type: ignore[call-overload]
            for info in archive:
                archive.members = []  # else every header of the archive stays in memory
                budget.entry()
                if not info.isdir():
                    yield _member(archive, info, budget)
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's failure, not the archive's
        raise ArchiveRefused(DAMAGED) from error


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo, budget: Budget) -> Item:
    path = clean(info.name)
    stream = archive.extractfile(info) if info.isreg() else None
    if stream is None:
        return Skipped(path, "link", "" if info.issym() or info.islnk() else "A device or pipe")
    return judged(path, lambda: take(path, stream, budget.limits))


class _Header(tarfile.TarInfo):
    """Headers that refuse what would fill the memory, and do not let the archive end silently at a damaged one."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf and any(buf):  # zeros and nothing are how archives end
                raise ArchiveRefused(DAMAGED) from error
            raise
        if header.type in EXTENDED_HEADERS and header.size > EXTENDED_HEADER_BYTES:
            raise ArchiveRefused("A header of the tar archive is too long; it is damaged or made to do harm.")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise ArchiveRefused("The tar archive stores its files as sparse ones, which is not supported.")
        return header


def _unpacked(file: BinaryIO) -> Readable:
    head = file.read(8)
    file.seek(0)
    if head.startswith(signatures.GZIP):
        return gzip.GzipFile(fileobj=file)
    if head.startswith(signatures.BZIP2):
        return bz2.BZ2File(file)
    if head.startswith(signatures.XZ):
        return _Xz(file)
    return file


class _Xz:
    """LZMAFile without its unlimited memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        while not self._decompressor.eof:
            packed = self._file.read(2**16) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not packed:
                raise EOFError("The compressed data end too early")
            if data := self._decompressor.decompress(packed, size):
                return data
        return b""
