"""The members of a zip archive.

Python's zipfile is a good reader but a trusting one: it loads a directory of any length, sees no overlapping members
(98 KB that unpack to 5.6 GB), and decompresses some methods without bounds. All three are looked after here.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from gan_core.errors import ArchiveRefused
from gan_core.images.member import Budget, Item, Metered, Skipped, clean, judged, printable, take

DAMAGED = "The zip archive is damaged or was not uploaded completely."
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
ENTRY_BYTES, LOCAL_HEADER_BYTES = 46, 30
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others have no place around pictures, and Python unpacks a block of bzip2 or LZMA whole, however large it gets."""
ENCRYPTED, UTF_8 = 0x1, 0x800


def members(file: BinaryIO, budget: Budget) -> Iterator[Item]:
    """Every file in the order of the archive's directory.

    Raises:
        ArchiveRefused: the directory is damaged, members overlap, or a limit of the budget is passed.
    """
    try:
        _check_directory(file, budget.limits.entries)
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error, ValueError, OverflowError) as error:
        raise ArchiveRefused(DAMAGED) from error
    with archive:
        _check_overlap(archive)
        for info in archive.infolist():
            budget.entry()
            if not info.is_dir():
                yield _member(archive, info, budget)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> Item:
    path = clean(_name(info))
    kind = info.external_attr >> 28  # upper bits of the Unix mode: 8 a file, 10 a symbolic link, 0 unknown
    if info.create_system == 3 and kind not in (0, 8):
        return Skipped(path, "link")
    if info.flag_bits & ENCRYPTED:
        return Skipped(path, "encrypted")
    if info.compress_type not in METHODS:
        return judged(path, lambda: Skipped(path, "damaged", f"Compression method {info.compress_type} is not read"))
    return judged(path, lambda: _read(archive, info, path, budget))


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, budget: Budget) -> Item:
    try:
        with archive.open(info) as stream:
            return take(path, Metered(stream, budget), budget.limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError, struct.error, ValueError) as error:
        # RuntimeError includes NotImplementedError, and encryption that only the local header admits to.
        return Skipped(path, "damaged", printable(str(error))[:200])


def _name(info: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are read as code page 437; many programs forget the flag, so try that first."""
    if info.flag_bits & UTF_8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _check_directory(file: BinaryIO, limit: int) -> None:
    """Count the directory's entries before zipfile makes an object of each. Counts in headers are not believed.

    Raises:
        zipfile.BadZipFile: no directory where the archive says.
        ArchiveRefused: more entries than the limit.
    """
    start, size = _directory_extent(file)
    file.seek(start)
    reader = io.BytesIO(file.read(size)) if size <= 2**24 else file
    count = position = 0
    while position < size:
        header = reader.read(ENTRY_BYTES)
        if len(header) < ENTRY_BYTES or not header.startswith(b"PK\x01\x02"):
            raise zipfile.BadZipFile("Bad directory entry")
        count += 1
        if count > limit:
            raise ArchiveRefused(f"The archive holds more than {limit:,} entries, which is the limit here.")
        length = sum(struct.unpack_from("<3H", header, 28))  # name, extra field, comment
        reader.seek(length, io.SEEK_CUR)
        position += ENTRY_BYTES + length


def _directory_extent(file: BinaryIO) -> tuple[int, int]:
    """(offset, bytes) of the central directory, from the end records (APPNOTE 4.3.14 to 4.3.16)."""
    total = file.seek(0, io.SEEK_END)
    tail_start = max(0, total - END.size - 0xFFFF - LOCATOR_64.size)
    file.seek(tail_start)
    tail = file.read(total - tail_start)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + END.size:
        raise zipfile.BadZipFile("No end record")
    size = END.unpack_from(tail, at)[5]
    end = tail_start + at
    if at >= LOCATOR_64.size and tail[at - LOCATOR_64.size :].startswith(b"PK\x06\x07"):
        end -= LOCATOR_64.size + END_64.size
        if end < 0:
            raise zipfile.BadZipFile("No room for the zip64 end record")
        file.seek(end)
        record = file.read(END_64.size)
        if not record.startswith(b"PK\x06\x06"):
            raise zipfile.BadZipFile("No zip64 end record")
        size = END_64.unpack(record)[8]
    if size > end:
        raise zipfile.BadZipFile("The directory is longer than the archive")
    return end - size, size


def _check_overlap(archive: zipfile.ZipFile) -> None:
    """No two members may share bytes of the file: what looks like many pictures would be one, again and again."""
    extents = sorted((info.header_offset, info.header_offset + LOCAL_HEADER_BYTES + info.compress_size) for info in archive.infolist())
    ends = [end for _, end in extents]
    starts = [start for start, _ in extents[1:]] + [archive.start_dir]
    if any(end > following for end, following in zip(ends, starts, strict=False)):
        raise ArchiveRefused("Members of the zip archive overlap; it is damaged or a zip bomb.")
