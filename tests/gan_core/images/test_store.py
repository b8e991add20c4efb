"""A prepared dataset holds what the manifest lists, whole or not at all."""

import io
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_core.errors import ArchiveRefused
from gan_core.images.decode import decode
from gan_core.images.fit import Shape, fit
from gan_core.images.store import ImageStore, prepare
from gan_core.images.survey import take_stock
from tests.gan_core.images.build import encoded, png, tarred, zipped

SHAPE = Shape(16, 16, 3, "crop", "#ffffff")
FILES = {"b/1.png": png(1, (20, 30)), "notes.txt": b"x", "a/2.png": png(2, (16, 16)), "a/bad.png": png(3)[:50], "a/3.png": png(4, (9, 40))}


def prepared(files: dict[str, bytes], directory: Path, shape: Shape = SHAPE) -> ImageStore:
    data = zipped(files)
    return prepare(io.BytesIO(data), take_stock(io.BytesIO(data)), directory, shape)


def test_a_store_holds_every_picture_fitted_and_labelled(tmp_path: Path) -> None:
    store = prepared(FILES, tmp_path / "store")
    assert store.images.shape == (3, 16, 16, 3) and store.images.dtype == np.uint8 and len(store) == 3
    for image, name in zip(store.images, ("b/1.png", "a/2.png", "a/3.png"), strict=True):
        assert np.array_equal(image, fit(decode(FILES[name], pixels=10**6).array, SHAPE))
    assert store.class_names == ("a", "b")
    assert store.labels is not None and store.labels.tolist() == [1, 0, 0] and store.labels.dtype == np.int64


def test_a_store_without_classes_has_no_labels(tmp_path: Path) -> None:
    store = prepared({"1.png": png(1), "2.png": png(2)}, tmp_path / "store")
    assert store.labels is None and store.class_names == ()


def test_an_opened_store_is_the_prepared_one_and_read_only(tmp_path: Path) -> None:
    first = prepared(FILES, tmp_path / "store")
    again = ImageStore.open(tmp_path / "store")
    assert np.array_equal(first.images, again.images) and not again.images.flags.writeable


def test_what_is_prepared_is_not_prepared_again(tmp_path: Path) -> None:
    prepared(FILES, tmp_path / "store")
    manifest = take_stock(io.BytesIO(zipped(FILES)))
    assert len(prepare(tmp_path / "no such archive", manifest, tmp_path / "store", SHAPE)) == 3


def test_a_path_twice_in_a_tar_does_not_confuse_the_order(tmp_path: Path) -> None:
    twice = tarred({"1.png": png(1)[:50]})[:1024] + tarred({"1.png": png(2, (16, 16)), "2.png": png(3, (16, 16))})
    store = prepare(io.BytesIO(twice), take_stock(io.BytesIO(twice)), tmp_path / "store", SHAPE)
    assert np.array_equal(store.images[0], decode(png(2, (16, 16)), pixels=10**6).array)


def test_a_large_jpeg_decoded_reduced_looks_like_the_whole(tmp_path: Path) -> None:
    smooth = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((1024, 768), Image.Resampling.BICUBIC)
    data = encoded(smooth, "JPEG", quality=95)
    store = prepared({"1.jpg": data, "2.png": png(1)}, tmp_path / "store", Shape(64, 64, 3, "crop", "#ffffff"))
    whole = fit(decode(data, pixels=10**6).array, Shape(64, 64, 3, "crop", "#ffffff"))
    assert np.abs(store.images[0].astype(int) - whole).mean() < 0.6


def test_an_archive_that_changed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    manifest = take_stock(io.BytesIO(zipped(FILES)))
    with pytest.raises(ArchiveRefused, match="no longer holds"):
        prepare(io.BytesIO(zipped({"a/2.png": png(2)})), manifest, tmp_path / "store", SHAPE)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_preparer_left_is_swept_up_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".store-old", 90_000), (".store-new", 10), (".other-old", 90_000)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    prepared(FILES, tmp_path / "store")
    assert {path.name for path in tmp_path.iterdir()} == {"store", ".store-new", ".other-old"}


def test_two_processes_preparing_at_once_get_the_same_store(tmp_path: Path) -> None:
    archive = tmp_path / "pictures.zip"
    archive.write_bytes(zipped({f"{number}.png": png(number, (40, 40)) for number in range(60)}))
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        counts = pool.starmap(_prepare, [(archive, tmp_path / "out" / "store")] * 4, chunksize=1)
    assert counts == [60] * 4
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["store"]


def _prepare(archive: Path, directory: Path) -> int:
    return len(prepare(archive, take_stock(archive), directory, SHAPE))
