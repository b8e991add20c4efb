"""Pictures and archives made for the tests, in memory."""

import io
import struct
import tarfile
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png(seed: int = 0, size: tuple[int, int] = (8, 8)) -> bytes:
    """A small picture of noise, another for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels))


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w", **options: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims any size, however large, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def overlapping_zip(copies: int, unpacked: int) -> bytes:
    """A zip bomb: many directory entries, all of the same compressed bytes."""
    one = zipped({"0.bmp": b"BM" + bytes(unpacked)}, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        start = archive.start_dir
    entry = one[start : one.rindex(b"PK\x05\x06")]
    directory = entry * copies
    return one[:start] + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)


def annotation(*boxes: tuple[object, object, object, object], size: tuple[int, int] | None = None, filling: bytes = b"") -> bytes:
    """A Pascal VOC file with these boxes, (xmin, ymin, xmax, ymax) as written in it."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    numbers = ("".join(f"<{name}>{value}</{name}>" for name, value in zip(corners, box, strict=True)) for box in boxes)
    objects = "".join(f"<object><name>thing</name><bndbox>{one}</bndbox></object>" for one in numbers)
    about = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    return f"<annotation><folder>../../etc</folder><filename>/etc/passwd</filename>{about}".encode() + filling + f"{objects}</annotation>".encode()
