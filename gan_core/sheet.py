"""Sample sheets: tiles side by side as one picture. Torch-free."""

import numpy as np
import numpy.typing as npt
from PIL import Image


def compose(images: npt.NDArray[np.uint8], columns: int) -> npt.NDArray[np.uint8]:
    """Tiles (N, H, W, C) to one picture (rows * H, columns * W, C), row by row and without gaps. Places left over are black, or transparent."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    places = np.zeros((rows * columns, height, width, channels), np.uint8)
    places[:count] = images
    return places.reshape(rows, columns, height, width, channels).swapaxes(1, 2).reshape(rows * height, columns * width, channels)


def as_picture(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """(H, W, C) as grey, RGB or RGBA."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
