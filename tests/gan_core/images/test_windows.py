"""A run may train on parts of the pictures: their subjects, or tiles at random places."""

import io
import random
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.decode import decode
from gan_core.images.fit import Shape, training_count
from gan_core.images.manifest import Entry, Manifest
from gan_core.images.store import ImageStore, prepare
from gan_core.images.survey import take_stock
from gan_core.images.windows import needed, tiles, windows
from tests.gan_core.images.build import annotation, encoded, png, zipped

SHAPE = Shape(16, 16, 3, "crop", "#ffffff")
BOXES = replace(SHAPE, crop_to_boxes=True)


def entry(width: int, height: int, **values: Any) -> Entry:
    return Entry(0, "1.png", None, width, height, "RGB", False, False, **{"digest": "00", **values})


def tiled(count: int, scale: float = 1.0, width: int = 16, height: int = 16) -> Shape:
    return replace(SHAPE, width=width, height=height, tiles=count, tile_scale=scale)


def map_of_places(width: int, height: int) -> Image.Image:
    """Each pixel says where it is: red is its column, green its row, both modulo 256, blue the rest."""
    rows, columns = np.indices((height, width))
    return Image.fromarray(np.stack([columns % 256, rows % 256, columns // 256 + 16 * (rows // 256)], axis=2).astype(np.uint8))


def prepared(files: dict[str, bytes], directory: Path, shape: Shape) -> tuple[ImageStore, Manifest]:
    data = zipped(files)
    manifest = take_stock(io.BytesIO(data))
    return prepare(io.BytesIO(data), manifest, directory / shape.key, shape), manifest


def with_subjects(*corners: tuple[int, int]) -> dict[str, bytes]:
    """A dark picture with bright squares of 20 pixels, and their boxes."""
    array = np.zeros((90, 120, 3), np.uint8)
    for left, top in corners:
        array[top : top + 20, left : left + 20] = 255
    return {"1.png": encoded(Image.fromarray(array)), "1.xml": annotation(*((x + 1, y + 1, x + 20, y + 20) for x, y in corners))}


def test_every_subject_becomes_a_bright_picture(tmp_path: Path) -> None:
    store, manifest = prepared(with_subjects((0, 0), (50, 30), (100, 70)), tmp_path, BOXES)
    assert store.images.shape == (3, 16, 16, 3) and training_count(manifest, BOXES) == 3
    assert store.images[:, 4:-4, 4:-4].min() > 250 and store.images.mean(axis=(1, 2, 3)).min() > 190


def test_pictures_without_boxes_are_taken_whole_and_labels_are_repeated(tmp_path: Path) -> None:
    subjects = with_subjects((10, 10), (60, 60))
    files = {"b/1.png": subjects["1.png"], "b/1.xml": subjects["1.xml"], "a/2.png": png(2, (16, 16)), "b/3.png": png(3, (16, 16))}
    store, manifest = prepared(files, tmp_path, BOXES)
    assert store.labels is not None and store.labels.tolist() == [1, 1, 0, 1] and store.class_counts == (1, 3)
    assert np.array_equal(store.images[2], decode(files["a/2.png"], pixels=10**6).array)
    assert len(store) == training_count(manifest, BOXES) == 4 and training_count(manifest, SHAPE) == 3


@pytest.mark.parametrize("size", [(16, 16), (32, 16), (16, 48)])
def test_a_box_is_widened_to_the_drawn_aspect_within_the_picture(size: tuple[int, int]) -> None:
    shape = replace(BOXES, width=size[0], height=size[1])
    for box in ((0, 0, 30, 10), (170, 90, 200, 100), (90, 40, 110, 60), (0, 0, 200, 100), (5, 5, 6, 6)):
        ((left, top, right, bottom),) = windows(entry(200, 100, boxes=(box,)), shape)
        assert 0 <= left <= box[0] and 0 <= top <= box[1] and box[2] <= right <= 200 and box[3] <= bottom <= 100
        if (right - left, bottom - top) < (200, 100) and right - left < 200 and bottom - top < 100:
            assert abs((right - left) / (bottom - top) / (size[0] / size[1]) - 1) < 1.5 / min(right - left, bottom - top)


@pytest.mark.parametrize(("width", "height", "count", "scale"), [(200, 150, 40, 1.0), (1000, 100, 30, 2.0), (64, 64, 500, 1.5), (20, 17, 10, 1.0)])
def test_tiles_lie_within_the_picture_and_none_twice(width: int, height: int, count: int, scale: float) -> None:
    found = windows(entry(width, height), tiled(count, scale))
    assert len(found) == len(set(found)) == count
    for left, top, right, bottom in found:
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert (right - left, bottom - top) == (round(16 * scale), round(16 * scale))


def test_tiles_are_the_same_for_everyone_and_others_for_another_picture() -> None:
    shape = tiled(20)
    assert windows(entry(200, 150), shape) == windows(entry(200, 150), shape) != windows(entry(200, 150, digest="01"), shape)


def test_tiles_are_spread_over_the_whole_picture() -> None:
    covered = np.zeros((160, 240), bool)
    for left, top, right, bottom in windows(entry(240, 160), tiled(150)):
        covered[top:bottom, left:right] = True
    assert covered.mean() > 0.6  # 150 squares of a 150th each; those at wholly random places cover 1 - 1/e


@pytest.mark.parametrize(("size", "across"), [((16, 16), (16, 16)), ((10, 40), (10, 10)), ((40, 10), (10, 10)), ((1, 1), (1, 1))])
def test_a_picture_too_small_gives_its_largest_windows(size: tuple[int, int], across: tuple[int, int]) -> None:
    found = windows(entry(*size), tiled(8, 2.0))
    assert {(right - left, bottom - top) for left, top, right, bottom in found} == {across} and len(found) == 8
    assert windows(entry(10, 40), tiled(1, 4.0, 16, 32))[0][2:] >= (10, 20)


def test_more_tiles_than_places_are_shared_evenly() -> None:
    found = tiles(17, 17, tiled(10), random.Random(0))
    assert {found.count(one) for one in found} == {2, 3} and len(set(found)) == 4


def test_tiles_of_scale_one_keep_every_pixel(tmp_path: Path) -> None:
    picture = map_of_places(300, 280)
    store, manifest = prepared({"1.png": encoded(picture)}, tmp_path, tiled(25))
    pixels = np.asarray(picture)
    for (left, top, right, bottom), image in zip(windows(manifest.entries[0], tiled(25)), store.images, strict=True):
        assert np.array_equal(image, pixels[top:bottom, left:right])


def test_tiles_see_farther_by_their_scale(tmp_path: Path) -> None:
    columns = np.broadcast_to(np.arange(256, dtype=np.uint8), (256, 256))
    store, _ = prepared({"1.png": encoded(Image.fromarray(columns))}, tmp_path, replace(tiled(12, 4.0), channels=1))
    spans = store.images[:, :, -2].astype(int) - store.images[:, :, 1]
    assert np.abs(spans - 13 * 4).max() <= 1


def test_a_jpeg_keeps_the_detail_that_tiles_need(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (640, 800), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG", quality=95)
    shape = replace(tiled(10), channels=1)
    store, manifest = prepared({"1.jpg": data}, tmp_path, shape)
    whole = decode(data, pixels=10**6).array
    for (left, top, right, bottom), image in zip(windows(manifest.entries[0], shape), store.images, strict=True):
        assert np.array_equal(image, whole[top:bottom, left:right])


def test_wide_tiles_of_a_jpeg_are_cut_out_of_a_reduced_one(tmp_path: Path) -> None:
    smooth = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 10), dtype=np.uint8)).resize((1600, 1280), Image.Resampling.BICUBIC)
    data = encoded(smooth, "JPEG", quality=95)
    shape = replace(tiled(6, 16.0), channels=1)
    ours = entry(1600, 1280)
    assert decode(data, pixels=10**7, at_least=needed(ours, shape, windows(ours, shape))).array.shape[:2] == (160, 200)
    from_jpeg, _ = prepared({"1.jpg": data}, tmp_path, shape)
    manifest = take_stock(io.BytesIO(zipped({"1.jpg": data})))
    pixels = decode(data, pixels=10**7).array[:, :, 0]
    for (left, top, right, bottom), image in zip(windows(manifest.entries[0], shape), from_jpeg.images, strict=True):
        exact = np.asarray(Image.fromarray(pixels[top:bottom, left:right]).resize((16, 16), Image.Resampling.LANCZOS))
        assert np.abs(image[:, :, 0].astype(int) - exact).mean() < 4  # half a reduced pixel off


def test_labels_are_repeated_for_tiles(tmp_path: Path) -> None:
    store, _ = prepared({"b/1.png": png(1, (40, 40)), "a/2.png": png(2, (40, 40))}, tmp_path, tiled(3))
    assert store.labels is not None and store.labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_many_pieces_are_written_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{number}.png": png(number, (50, 40)) for number in range(3)}
    at_once, _ = prepared(files, tmp_path / "a", tiled(9))
    monkeypatch.setattr("gan_core.images.store.WAITING_BYTES", 0)
    apart, _ = prepared(files, tmp_path / "b", tiled(9))
    assert np.array_equal(at_once.images, apart.images)


@pytest.mark.parametrize(("shape", "size"), [(replace(SHAPE, fit="stretch"), (50, 20)), (tiled(3), (16, 16)), (BOXES, (50, 20))])
def test_a_store_knows_the_size_of_the_originals(tmp_path: Path, shape: Any, size: tuple[int, int]) -> None:
    files = {f"{number}.png": png(number, (width, 20)) for number, width in enumerate((30, 50, 400))}
    store, _ = prepared(files, tmp_path, shape)
    assert (store.original_width, store.original_height) == size


def test_a_store_from_before_the_sizes_were_kept_opens(tmp_path: Path) -> None:
    prepared({"1.png": png()}, tmp_path, SHAPE)
    directory = tmp_path / SHAPE.key
    (directory / "store.json").write_text('{"version": 1, "shape": "", "class_names": []}')
    store = ImageStore.open(directory)
    assert (store.original_width, store.original_height, store.class_counts) == (0, 0, ())


def test_pictures_that_do_not_fit_on_the_disk_are_refused_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(GanCoreError, match="take 768 kB, and the disk has 100 kB left"):
        prepared({"1.png": png(1, (64, 64))}, tmp_path, tiled(1000))
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_decides_the_count() -> None:
    boxes = ((0, 0, 2, 2), (1, 1, 3, 3), (2, 2, 4, 4))
    manifest = Manifest((entry(8, 8, boxes=boxes), entry(8, 8)), (), 0)
    counts = [training_count(manifest, TrainConfig.model_validate({"steps": 1, **one})) for one in ({}, {"crop_to_boxes": True}, {"tiles": 7})]
    assert counts == [2, 4, 14]
