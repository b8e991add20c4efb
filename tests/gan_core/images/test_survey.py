"""A survey tells what is in an archive: sizes, classes, duplicates, and what cannot be used."""

import io

import numpy as np
import pytest
from PIL import Image

from gan_core.errors import ArchiveRefused
from gan_core.images import SKIP_REASONS
from gan_core.images.manifest import Manifest
from gan_core.images.survey import Inventory, survey, take_stock
from tests.gan_core.images.build import encoded, png, zipped


def stock(files: dict[str, bytes]) -> Manifest:
    return take_stock(io.BytesIO(zipped(files)))


def labels(manifest: Manifest) -> list[str]:
    return [manifest.class_names[entry.label] if entry.label is not None else "" for entry in manifest.entries]


def test_folders_are_classes_in_natural_order() -> None:
    manifest = stock({f"{number}/{number}.png": png(number) for number in (10, 2, 1)})
    assert manifest.class_names == ("1", "2", "10")
    assert labels(manifest) == ["10", "2", "1"]
    assert manifest.classes == [{"name": "1", "count": 1}, {"name": "2", "count": 1}, {"name": "10", "count": 1}]


def test_a_single_folder_around_everything_is_no_class() -> None:
    manifest = stock({"mine/1.png": png(1), "mine/2.png": png(2)})
    assert manifest.class_names == () and {entry.label for entry in manifest.entries} == {None}


def test_a_folder_around_the_class_folders_does_not_matter() -> None:
    assert stock({"all/cat/1.png": png(1), "all/dog/1.png": png(2)}).class_names == ("cat", "dog")


def test_folders_without_a_usable_picture_are_no_classes() -> None:
    assert stock({"cat/1.png": png(1), "notes/1.txt": b"hello"}).class_names == ()


def test_pictures_outside_the_folders_are_unsorted() -> None:
    assert labels(stock({"cat/1.png": png(1), "top.png": png(2)})) == ["cat", "unsorted"]


def test_figures_follow_from_the_pictures() -> None:
    grey = encoded(Image.new("L", (30, 10), 7))
    clear = encoded(Image.new("RGBA", (20, 40), (1, 2, 3, 100)))
    manifest = stock({"1.png": png(1, (10, 20)), "2.png": grey, "3.png": clear, "4.txt": b"x", "5.png": grey})
    assert len(manifest) == 4 and manifest.skipped == 1
    assert manifest.modes == {"L": 2, "RGB": 1, "RGBA": 1}
    assert manifest.width == {"min": 10, "median": 25, "max": 30} and manifest.height == {"min": 10, "median": 15, "max": 40}
    assert manifest.duplicates == 1 and manifest.transparent == 1
    assert [entry.grey for entry in manifest.entries] == [False, True, False, True]
    assert [entry.position for entry in manifest.entries] == [0, 1, 2, 4]


def test_equal_pixels_are_duplicates_whatever_the_file() -> None:
    pixels = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8))
    assert stock({"1.png": encoded(pixels), "2.bmp": encoded(pixels, "BMP"), "3.webp": encoded(pixels, "WEBP", lossless=True)}).duplicates == 2


def test_the_same_bytes_in_another_shape_are_no_duplicate() -> None:
    assert stock({"1.png": encoded(Image.new("L", (8, 2), 7)), "2.png": encoded(Image.new("L", (2, 8), 7))}).duplicates == 0


def test_a_manifest_survives_json() -> None:
    manifest = stock({"ä/1.png": png(1), "b/2.png": png(2), "c.txt": b"x"})
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_an_archive_without_pictures_is_refused_with_the_reasons() -> None:
    with pytest.raises(ArchiveRefused, match=r"not a single picture in it: 2 x not a picture, 1 x damaged\."):
        stock({"1.txt": b"a", "2.txt": b"b", "3.png": png()[:60]})


def test_an_empty_archive_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="not a single picture"):
        stock({})


def test_large_and_small_pictures_keep_their_order() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    large = encoded(Image.fromarray(noise))
    files = {f"{number:02d}.png": large if number % 3 else png(number) for number in range(20)}
    assert [item.path for item in survey(io.BytesIO(zipped(files)))] == list(files)


def test_an_inventory_counts_as_it_goes() -> None:
    inventory = Inventory()
    for item in survey(io.BytesIO(zipped({"1.png": png(1), "2.txt": b"x"}))):
        inventory.add(item)
    assert (len(inventory.manifest()), inventory.manifest().skipped) == (1, 1)


def test_every_reason_has_words() -> None:
    assert all(words and words[0].isupper() for words in SKIP_REASONS.values())
