"""Pillow's many modes -> 8 bit grey, RGB or RGBA."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

Pixels = npt.NDArray[np.uint8]


def to_8_bit(image: Image.Image) -> tuple[Pixels, bool]:
    """((H, W, C) with C in {1, 3, 4}, whether any pixel is not opaque); four channels only if so."""
    if image.mode.startswith("I") or image.mode == "F":
        array, alpha = _deep_grey(image)
    elif image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        grey = image.mode in ("1", "L", "LA", "La")
        array, alpha = (rgba[:, :, :1] if grey else rgba[:, :, :3]), rgba[:, :, 3]
    else:
        array, alpha = _opaque(image), None
    if alpha is None or alpha.min() == 255:
        return np.ascontiguousarray(array), False
    rgb = np.broadcast_to(array, (*array.shape[:2], 3))
    return np.concatenate([rgb, alpha[:, :, None]], axis=2), True


def _opaque(image: Image.Image) -> Pixels:
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))[:, :, None]
    if image.mode == "LAB":
        to_srgb = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        converted = ImageCms.applyTransform(image, to_srgb)
        assert converted is not None  # None only when converting in place
        return np.asarray(converted)
    return np.asarray(image.convert("RGB"))


def _deep_grey(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """Grey with more than 8 bits. Pillow's own conversion would clip it to white."""
    values = np.asarray(image)
    grey = _scaled(values, 65535 if image.mode.startswith("I;16") else _white_point(values))
    key = image.info.get("transparency")
    alpha = np.where(values == key, 0, 255).astype(np.uint8) if isinstance(key, int) else None
    return grey[:, :, None], alpha


def _white_point(values: npt.NDArray[np.generic]) -> float:
    """32 bit values have no agreed white: the smallest of 1, 255 and 65535 that holds them all, else their maximum."""
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if finite.size else 0.0
    usual = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    return next((white for white in usual if top <= white), top)


def _scaled(values: npt.NDArray[np.generic], white: float) -> Pixels:
    """0..white -> 0..255, rounded to nearest; below black is black, not-a-number too."""
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=white, neginf=0.0)
    scaled: Pixels = np.clip(np.rint(finite * (255.0 / white)), 0, 255).astype(np.uint8)
    return scaled
