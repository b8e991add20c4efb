"""One file's bytes -> one upright uint8 array, or the reason why not.

Whatever the file's mode, the result is grey, RGB or RGBA with 8 bits a channel; animations give their first frame.
"""

import io
import threading
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_core.errors import PictureSkipped
from gan_core.images import signatures
from gan_core.images.member import printable
from gan_core.images.modes import to_8_bit

Pixels = npt.NDArray[np.uint8]

# Our own limit, checked before a pixel is decoded, replaces Pillow's, which only warns up to twice its limit.
Image.MAX_IMAGE_PIXELS = None

GIANT = 16_000_000
"""Pixels from which only one picture is decoded at a time: there are several copies of it in memory meanwhile."""
_one_giant = threading.Lock()
_giants_are_ours = True


class Giant(Exception):
    """A picture that this process leaves to the one it helps, where all giants are decoded one after the other."""


def leave_giants() -> None:
    """From now on `decode` raises Giant for them."""
    global _giants_are_ours
    _giants_are_ours = False


ORIENTATION = 0x0112  # EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    array: Pixels
    """(H, W, C), C is 1 (grey), 3 (RGB) or 4 (RGBA, straight alpha). With `at_least` it may be smaller than the file's."""
    mode: str
    """Pillow's mode, as in the file."""
    width: int
    """Of the file, in pixels, once upright; `height` likewise."""
    height: int
    transparent: bool
    """Some pixel is not opaque. Only then has `array` four channels."""
    grey: bool
    """All visible pixels are grey, whatever the mode."""
    orientation: int
    """EXIF's, 1 to 8: how the file was turned to get here."""


def decode(data: bytes, *, pixels: int, at_least: tuple[int, int] | None = None) -> Picture:
    """Decode the whole picture, so that damage anywhere is found.

    Args:
        pixels: largest width times height that is decoded at all.
        at_least: (width, height) that suffice: a JPEG may then be decoded at a half, quarter or eighth of its size,
            at twice to seven times the speed, but never below this.
    Raises:
        PictureSkipped: no picture, a damaged one, or one beyond the limit.
        Giant: after `leave_giants`.
    """
    name = signatures.picture_format(data[:16])
    if name is None:
        signatures.check(data[:512])
    try:
        return _decode(data, [str(name)], pixels, at_least)
    except (PictureSkipped, Giant):
        raise
    except Exception as error:  # Pillow's parsers raise nearly anything on hostile bytes; all of it means this one thing
        raise PictureSkipped("damaged", _sentence(error)) from error


def _decode(data: bytes, formats: list[str], pixels: int, at_least: tuple[int, int] | None) -> Picture:
    with Image.open(io.BytesIO(data), formats=formats) as image:
        if image.width * image.height > pixels:
            raise PictureSkipped("too_large", f"{image.width:,} x {image.height:,} pixels; the limit is {pixels:,} in all")
        mode, size = image.mode, image.size
        if at_least is not None:
            side = max(at_least)  # the picture may yet have to be turned
            image.draft(None, (side, side))
        drafted = image.size != size
        giant = image.width * image.height > GIANT
        if giant and not _giants_are_ours:
            raise Giant
        with _one_giant if giant else nullcontext():
            recorded = _orientation(image) if image.format == "TIFF" else None  # TIFF turns itself while loading, and forgets it
            image.load()
            orientation = _orientation(image)
            turn = UPRIGHT.get(orientation)
            array, transparent = to_8_bit(image)
        width, height = size if drafted else image.size
    if turn is not None:
        array = _turned(array, turn)
        if turn in (Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270):
            width, height = height, width
    return Picture(array, mode, width, height, transparent, _is_grey(array), recorded or orientation)


def _orientation(image: Image.Image) -> int:
    """A picture with unreadable metadata is still a picture."""
    try:
        orientation = int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # as in `decode`
        return 1
    return orientation if orientation in UPRIGHT else 1


def _turned(array: Pixels, turn: Image.Transpose) -> Pixels:
    image = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
    turned = np.asarray(image.transpose(turn))
    return turned[:, :, None] if turned.ndim == 2 else turned


def _is_grey(array: Pixels) -> bool:
    if array.shape[2] == 1:
        return True
    sparse = array[:: max(1, array.shape[0] // 16), :: max(1, array.shape[1] // 16)]  # tells most colour pictures at once
    return _equal_channels(sparse) and _equal_channels(array)


def _equal_channels(array: Pixels) -> bool:
    if array.shape[2] == 4:
        array = array[array[:, :, 3] > 0]
    return bool((array[..., 0] == array[..., 1]).all() and (array[..., 1] == array[..., 2]).all())


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "Not enough memory to decode it"
    return printable(str(error))[:200] or type(error).__name__
