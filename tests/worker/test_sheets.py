"""Sample sheets as files."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from worker.sheets import encode


def tiles(side: int, channels: int, count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=["WEBP"])


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_small_tiles_are_kept_exactly(channels: int, mode: str) -> None:
    images = tiles(16, channels)
    sheet = np.asarray(opened(encode(images, 3)).convert(mode)).reshape(32, 48, channels)
    assert np.array_equal(sheet[16:, 32:], images[5])
    assert np.array_equal(sheet[:16, :16], images[0])


def test_large_tiles_are_compressed() -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 64, dtype=np.uint8)[:, None, None], (4, 64, 64, 3))
    data = encode(smooth, 2)
    assert len(data) < smooth.size / 10
    assert np.abs(np.asarray(opened(data)).astype(int)[:64, :64] - smooth[0]).mean() < 3


def test_transparency_of_large_tiles_stays() -> None:
    images = tiles(64, 4, 1)
    images[..., :32, 3] = 0
    images[..., 32:, 3] = 255
    alpha = np.asarray(opened(encode(images, 1)))[..., 3]
    assert np.array_equal(alpha, images[0, ..., 3])
