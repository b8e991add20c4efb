"""Pictures come out exactly as large and coloured as the network wants them."""

from dataclasses import replace

import numpy as np
import pytest

from gan_core.config import TrainConfig
from gan_core.images.fit import Shape, fit
from gan_core.images.manifest import Entry, Manifest

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def shape(width: int = 16, height: int = 16, channels: int = 3, how: str = "crop", background: str = "#ffffff") -> Shape:
    return Shape(width, height, channels, how, background)  # type: ignore[arg-type]


def striped(width: int, height: int) -> np.ndarray:
    """Red, green and blue thirds from left to right."""
    array = np.zeros((height, width, 3), dtype=np.uint8)
    for third, colour in enumerate((RED, GREEN, BLUE)):
        array[:, third * width // 3 : (third + 1) * width // 3] = colour
    return array


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("source", [1, 3, 4])
@pytest.mark.parametrize("size", [(16, 16), (75, 100), (512, 17)])
def test_every_combination_has_the_shape_asked_for(how: str, channels: int, source: int, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (33, 47, source), dtype=np.uint8)
    fitted = fit(picture, shape(*size, channels, how))
    assert fitted.shape == (size[1], size[0], channels) and fitted.dtype == np.uint8


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert np.array_equal(fit(picture, shape()), picture)


def test_crop_keeps_the_middle() -> None:
    fitted = fit(striped(96, 32), shape())
    assert np.abs(fitted[:, 2:-2].astype(int) - GREEN).max() <= 2


def test_stretch_keeps_everything() -> None:
    fitted = fit(striped(96, 32), shape(how="stretch"))
    assert np.abs(fitted[8, [1, 8, -2]].astype(int) - (RED, GREEN, BLUE)).max() <= 6


def test_pad_puts_background_above_and_below() -> None:
    fitted = fit(striped(96, 48), shape(how="pad", background="#102030"))
    assert fitted[:4].reshape(-1, 3).tolist() == [[16, 32, 48]] * 64 == fitted[-4:].reshape(-1, 3).tolist()
    assert fitted[8, 1].tolist() == list(RED)


def test_pad_around_a_transparent_picture_is_transparent_when_alpha_is_kept() -> None:
    sprite = np.full((16, 8, 4), 200, dtype=np.uint8)
    fitted = fit(sprite, shape(channels=4, how="pad", background="#102030"))
    assert fitted[0, 0].tolist() == [16, 32, 48, 0] and fitted[8, 8].tolist() == [200, 200, 200, 200]


def test_transparent_parts_show_the_background() -> None:
    sprite = np.zeros((16, 16, 4), dtype=np.uint8)
    sprite[4:12, 4:12] = (*RED, 255)
    fitted = fit(sprite, shape(background="#00ff00"))
    assert fitted[0, 0].tolist() == list(GREEN) and fitted[8, 8].tolist() == list(RED)


def test_half_transparent_pixels_are_mixed() -> None:
    fitted = fit(np.full((16, 16, 4), (255, 0, 0, 128), dtype=np.uint8), shape(background="#0000ff"))
    assert np.abs(fitted[8, 8].astype(int) - (128, 0, 127)).max() <= 1


@pytest.mark.parametrize("channels", [3, 4])
def test_hidden_colours_leave_no_fringe(channels: int) -> None:
    sprite = np.zeros((64, 64, 4), dtype=np.uint8)
    sprite[..., 1] = 255  # invisible green around a red square
    sprite[16:48, 16:48] = (*RED, 255)
    fitted = fit(sprite, shape(channels=channels, background="#ff0000")).astype(int)
    visible = fitted if channels == 3 else fitted[fitted[..., 3] > 0]
    assert visible[..., 1].max() <= 2 and visible[..., 0].min() >= 250


def test_invisible_pixels_have_the_background_colour() -> None:
    sprite = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    sprite[..., 3] = 0
    fitted = fit(sprite, shape(channels=4, background="#336699"))
    assert (fitted == (0x33, 0x66, 0x99, 0)).all()


def test_opaque_pictures_get_full_alpha() -> None:
    assert (fit(striped(30, 30), shape(channels=4))[..., 3] == 255).all()


def test_colour_becomes_luminance_and_grey_is_repeated() -> None:
    assert fit(np.full((16, 16, 3), RED, dtype=np.uint8), shape(channels=1))[0, 0].tolist() == [76]
    assert fit(np.full((16, 16, 1), 90, dtype=np.uint8), shape(channels=3))[0, 0].tolist() == [90, 90, 90]


def test_tiny_pictures_of_few_colours_grow_with_hard_pixels() -> None:
    board = (np.indices((16, 16)).sum(axis=0) % 2 * 255).astype(np.uint8)[:, :, None]
    assert np.array_equal(fit(board, shape(64, 64, 1)), board.repeat(4, axis=0).repeat(4, axis=1))


def test_shrinking_averages_instead_of_picking() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[:, :, None]
    assert np.abs(fit(board, shape(16, 16, 1)).astype(int) - 127).max() <= 12


def entry(grey: bool, transparent: bool = False) -> Entry:
    return Entry(0, "1.png", None, 8, 8, "RGB", transparent, grey, "")


@pytest.mark.parametrize(
    ("entries", "background", "channels"),
    [
        ([entry(True), entry(True)], "#ffffff", 1),
        ([entry(True), entry(False)], "#ffffff", 3),
        ([entry(True, transparent=True)], "#808080", 1),
        ([entry(True, transparent=True)], "#ff0000", 3),
        ([entry(False, transparent=True)], "#ffffff", 3),
    ],
)
def test_auto_takes_grey_only_if_nothing_visible_has_colour(entries: list[Entry], background: str, channels: int) -> None:
    config = TrainConfig(steps=1, width=32, height=16, background=background)
    assert Shape.of(config, Manifest(tuple(entries), (), 0)).channels == channels


def test_every_part_of_a_shape_changes_its_key() -> None:
    shapes = [shape(), shape(17), shape(16, 17), shape(channels=4), shape(how="pad"), shape(background="#000000")]
    shapes += [replace(shape(), **part) for part in ({"crop_to_boxes": True}, {"tiles": 3}, {"tiles": 4}, {"tiles": 3, "tile_scale": 1.5})]
    assert len({one.key for one in shapes}) == len(shapes)


def test_a_shape_of_whole_pictures_keeps_the_name_that_prepared_pictures_have() -> None:
    plain = Shape.of(TrainConfig(steps=1, channels="rgb"), Manifest((entry(True),), (), 0))
    unused = Shape.of(TrainConfig(steps=1, channels="rgb", crop_to_boxes=True, tile_scale=2), Manifest((entry(True),), (), 0))
    assert plain.key == unused.key == "64x64x3-crop-ffffff-v1"
