"""Sample sheets as picture files. Torch-free."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_core.sheet import compose

PIXEL_ART = 32
"""Tiles up to this many pixels are shown enlarged, where every artefact of compression would be seen: they are kept exactly."""


def encode(images: npt.NDArray[np.uint8], columns: int) -> bytes:
    """Tiles (N, H, W, C), C in {1, 3, 4}, as one WebP; transparency stays."""
    sheet = compose(images, columns)
    picture = Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet)
    file = BytesIO()
    if max(images.shape[1:3]) <= PIXEL_ART:
        picture.save(file, "WEBP", lossless=True, exact=True, method=2)
    else:
        picture.save(file, "WEBP", quality=90, alpha_quality=100, method=2)
    return file.getvalue()
