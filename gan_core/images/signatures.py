"""What a file is, by its first bytes. Names and declared types are not believed."""

import tarfile

from gan_core.errors import PictureSkipped

PICTURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "WEBP": (b"RIFF",),
}
"""Pillow's name of each format we decode -> how its files begin."""
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
FOREIGN_ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"MSCF")
HEIF = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypmsf1")


def picture_format(head: bytes) -> str | None:
    """Pillow's format name, or None."""
    for name, beginnings in PICTURES.items():
        if head.startswith(beginnings):
            return name if name != "WEBP" or head[8:12] == b"WEBP" else None
    return None


def is_zip(head: bytes) -> bool:
    return head.startswith(ZIP)


def is_tar(head: bytes) -> bool:
    """True for any tar, those from before "ustar" included: the header's checksum decides."""
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def is_archive(head: bytes) -> bool:
    """True also for archives that we do not open."""
    return is_zip(head) or head.startswith((GZIP, BZIP2, XZ, *FOREIGN_ARCHIVES)) or is_tar(head)


def check(head: bytes) -> None:
    """Raises PictureSkipped unless a picture we can decode begins like this."""
    if not head:
        raise PictureSkipped("empty")
    if picture_format(head):
        return
    if is_archive(head):
        raise PictureSkipped("nested_archive")
    if head[4:12] in HEIF:
        raise PictureSkipped("not_an_image", "HEIC and AVIF are not read; export it as JPEG or PNG")
    raise PictureSkipped("not_an_image")
