"""Every mode and format comes out with the right pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from gan_core.errors import PictureSkipped
from gan_core.images.decode import Picture, decode
from tests.gan_core.images.build import encoded, png, png_of_size

LIMIT = 1_000_000


def read(data: bytes) -> Picture:
    return decode(data, pixels=LIMIT)


def gradient(width: int = 16, height: int = 8) -> np.ndarray:
    """(H, W) of all different greys."""
    return np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)


def test_grey_stays_one_channel() -> None:
    picture = read(encoded(Image.fromarray(gradient())))
    assert picture.mode == "L" and picture.grey and not picture.transparent
    assert np.array_equal(picture.array, gradient()[:, :, None])


def test_one_bit_becomes_black_and_white() -> None:
    picture = read(encoded(Image.fromarray(gradient() > 127)))
    assert picture.mode == "1"
    assert np.array_equal(picture.array[:, :, 0], np.where(gradient() > 127, 255, 0))


def test_grey_with_alpha_becomes_rgba_and_counts_as_grey() -> None:
    alpha = gradient()[:, ::-1]
    picture = read(encoded(Image.fromarray(np.dstack([gradient(), alpha]))))
    assert picture.mode == "LA" and picture.transparent and picture.grey
    assert np.array_equal(picture.array, np.dstack([gradient()] * 3 + [alpha]))


def test_rgb_is_taken_as_it_is() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    picture = read(encoded(Image.fromarray(colours)))
    assert (picture.width, picture.height) == (7, 5) and not picture.grey
    assert np.array_equal(picture.array, colours)


def test_grey_in_rgb_counts_as_grey() -> None:
    assert read(encoded(Image.fromarray(np.dstack([gradient()] * 3)))).grey


def test_a_single_coloured_pixel_is_colour() -> None:
    pixels = np.dstack([gradient(64, 64)] * 3)
    pixels[33, 35] = (200, 0, 0)
    assert not read(encoded(Image.fromarray(pixels))).grey


def test_colours_that_nobody_sees_do_not_count() -> None:
    pixels = np.dstack([gradient()] * 3 + [np.full_like(gradient(), 255)])
    pixels[3, 4] = (200, 0, 0, 0)
    assert read(encoded(Image.fromarray(pixels))).grey


def test_rgba_keeps_straight_alpha() -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (4, 4, 4), dtype=np.uint8)
    picture = read(encoded(Image.fromarray(pixels)))
    assert picture.transparent and np.array_equal(picture.array, pixels)


def test_opaque_alpha_is_dropped() -> None:
    pixels = np.full((4, 4, 4), 255, dtype=np.uint8)
    picture = read(encoded(Image.fromarray(pixels)))
    assert picture.array.shape == (4, 4, 3) and not picture.transparent


def test_palette_gives_its_colours() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 128, 255])
    image.putdata([0, 1])
    assert read(encoded(image)).array.tolist() == [[[255, 0, 0], [0, 128, 255]]]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0])], ids=["index", "table"])
def test_transparent_palette_entry_gets_alpha_0(transparency: int | bytes) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 128, 255])
    image.putdata([0, 1])
    picture = read(encoded(image, transparency=transparency))
    assert picture.mode == "P" and picture.transparent
    assert picture.array.tolist() == [[[255, 0, 0, 255], [0, 128, 255, 0]]]


def test_transparent_colour_of_an_rgb_png_gets_alpha_0() -> None:
    image = Image.new("RGB", (2, 1), (9, 8, 7))
    image.putpixel((1, 0), (255, 255, 255))
    picture = read(encoded(image, transparency=(255, 255, 255)))
    assert picture.array[0, :, 3].tolist() == [255, 0]


def test_transparent_grey_of_a_grey_png_gets_alpha_0() -> None:
    picture = read(encoded(Image.fromarray(gradient()), transparency=0))
    assert np.array_equal(picture.array[:, :, 3], np.where(gradient() == 0, 0, 255))


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(format: str) -> None:
    deep = np.linspace(0, 65535, 128).reshape(8, 16).astype(np.uint16)
    picture = read(encoded(Image.fromarray(deep), format))
    assert picture.mode.startswith("I;16") and picture.grey
    assert np.array_equal(picture.array[:, :, 0], np.rint(deep / 257).astype(np.uint8))


def test_the_transparent_value_of_a_16_bit_png_gets_alpha_0() -> None:
    deep = np.array([[0, 1000, 65535]], dtype=np.uint16)
    picture = read(encoded(Image.fromarray(deep), transparency=1000))
    assert picture.transparent and picture.array[0, :, 3].tolist() == [255, 0, 255]


def test_big_endian_16_bit_tiff_is_scaled() -> None:
    deep = np.linspace(0, 65535, 128).reshape(8, 16).astype(np.uint16)
    image = Image.frombytes("I;16B", (16, 8), deep.astype(">u2").tobytes())
    assert np.array_equal(read(encoded(image, "TIFF")).array[:, :, 0], np.rint(deep / 257).astype(np.uint8))


def test_16_bit_rgb_png_keeps_its_high_bytes() -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    rows = b"\0" + struct.pack(">6H", 65535, 32768, 0, 257, 514, 65535)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">LLBBBBB", 2, 1, 16, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows))
    assert read(data + chunk(b"IEND", b"")).array.tolist() == [[[255, 128, 0], [1, 2, 255]]]


def test_32_bit_integers_beyond_16_bit_are_scaled_by_their_maximum() -> None:
    image = Image.fromarray(np.array([[0, 100_000, 200_000]], dtype=np.int32))
    assert read(encoded(image, "TIFF")).array[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"), [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 10.0, 255.0], [0, 10, 255]), ([-5.0, np.nan, 1.0], [0, 0, 255])]
)
def test_floats_find_their_white_point(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], dtype=np.float32))
    assert read(encoded(image, "TIFF")).array[0, :, 0].tolist() == expected


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_becomes_its_rgb(format: str) -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow: red
    picture = read(encoded(image, format))
    assert picture.mode == "CMYK" and picture.array.shape == (16, 16, 3)
    assert np.abs(picture.array.astype(int) - (255, 0, 0)).max() <= 3


def test_ycbcr_tiff_becomes_rgb() -> None:
    image = Image.new("RGB", (8, 8), (10, 200, 30)).convert("YCbCr")
    assert np.abs(read(encoded(image, "TIFF")).array.astype(int) - (10, 200, 30)).max() <= 3


def test_lab_tiff_becomes_rgb() -> None:
    image = Image.new("LAB", (4, 4), (255, 128, 128))  # L* 100, no colour
    assert read(encoded(image, "TIFF")).array.min() >= 250


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone(format: str, orientation: int) -> None:
    upright = np.zeros((16, 32, 3), dtype=np.uint8)
    upright[:8, :16], upright[:8, 16:], upright[8:, :16] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    turns = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {"quality": 95, "subsampling": 0} if format == "JPEG" else {"lossless": True} if format == "WEBP" else {}
    picture = read(encoded(Image.fromarray(np.ascontiguousarray(turns[orientation])), format, exif=exif, **quality))
    assert (picture.width, picture.height) == (32, 16)
    assert np.abs(picture.array.astype(int) - upright).max() <= 8


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animations_give_their_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("#ff0000", "#00ff00")]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert read(data).array[4, 4].tolist() == [255, 0, 0] or np.abs(read(data).array[4, 4].astype(int) - (255, 0, 0)).max() <= 2


def test_bmp_is_read() -> None:
    assert read(encoded(Image.fromarray(gradient()), "BMP")).array[:, :, 0].tolist() == gradient().tolist()


def test_a_large_jpeg_is_decoded_reduced_but_never_below_what_is_asked() -> None:
    image = Image.fromarray(np.asarray(Image.fromarray(gradient()).resize((1024, 768), Image.Resampling.BICUBIC)))
    picture = decode(encoded(image, "JPEG"), pixels=LIMIT, at_least=(100, 150))
    assert (picture.width, picture.height) == (1024, 768)
    assert picture.array.shape == (192, 256, 1)


def test_a_turned_jpeg_is_reduced_by_its_shorter_side() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(encoded(Image.new("RGB", (1024, 256), "red"), "JPEG", exif=exif), pixels=LIMIT, at_least=(64, 128))
    assert (picture.width, picture.height) == (256, 1024)
    assert picture.array.shape == (512, 128, 3)


def test_a_picture_over_the_limit_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(PictureSkipped, match="30,000 x 30,000") as caught:
        read(png_of_size(30_000, 30_000))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_damaged(format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), format)
    with pytest.raises(PictureSkipped) as caught:
        read(data[: len(data) // 2])
    assert caught.value.reason == "damaged"


def test_a_flipped_byte_in_a_png_is_damage() -> None:
    data = bytearray(png(0, (32, 32)))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PictureSkipped) as caught:
        read(bytes(data))
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "not_an_image"),
        (b"<svg xmlns='x'/>", "not_an_image"),
        (b"PK\x03\x04", "nested_archive"),
    ],
)
def test_what_is_no_picture_is_told_apart(data: bytes, reason: str) -> None:
    with pytest.raises(PictureSkipped) as caught:
        read(data)
    assert caught.value.reason == reason


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own remarks
def test_random_bytes_after_every_signature_never_raise_anything_else() -> None:
    generator = np.random.default_rng(0)
    headers = [data[:60] for data in (png(), *(encoded(Image.new("RGB", (9, 9)), name) for name in ("JPEG", "GIF", "BMP", "TIFF", "WEBP")))]
    for header in headers:
        for _ in range(40):
            keep = int(generator.integers(8, 60))
            data = header[:keep] + generator.bytes(300)
            try:
                picture = decode(data, pixels=10_000)
            except PictureSkipped:
                continue
            assert picture.array.dtype == np.uint8


def test_a_polyglot_gives_pixels_and_nothing_else() -> None:
    from tests.gan_core.images.build import zipped

    data = png(3) + zipped({"evil.html": b"<script>"})
    assert np.array_equal(read(data).array, np.asarray(Image.open(io.BytesIO(png(3)))))
