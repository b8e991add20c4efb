"""What a check leaves for the pages: thumbnails, and a preview that shows what training will see. On a folder and on S3."""

import io
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer
from PIL import Image

from gan_core.images.fit import Shape
from gan_core.images.store import prepare
from portal import storage
from portal.accounts.models import User
from portal.datasets import originals, pack, pictures, preview
from portal.datasets.models import Dataset
from tests.gan_core.images.build import annotation, encoded, png, zipped
from worker.ingest import ingest

pytestmark = pytest.mark.django_db


def checked(files: dict[str, bytes]) -> Dataset:
    dataset = Dataset(owner=User.objects.create(username="mia"), name="Pictures")
    dataset.archive.save("archive", ContentFile(zipped(files)), save=False)
    dataset.save()
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Dataset.Status.READY, dataset.error
    return dataset


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_tiny_picture_is_its_own_thumbnail() -> None:
    dataset = checked({"1.png": png(1, (30, 20)), "2.png": png(2, (30, 20))})
    small = opened(pictures.thumbnail(dataset, 1))
    assert small.format == "WEBP" and np.array_equal(np.asarray(small.convert("RGB")), np.asarray(opened(png(2, (30, 20)))))


def test_a_thumbnail_is_at_most_128_pixels_long_and_keeps_alpha() -> None:
    half = Image.new("RGBA", (600, 300), (255, 0, 0, 255))
    half.paste((0, 0, 0, 0), (300, 0, 600, 300))
    small = opened(pictures.thumbnail(checked({"1.png": encoded(half)}), 0))
    assert small.size == (128, 64) and small.mode == "RGBA"
    assert small.getpixel((10, 30))[3] == 255 and small.getpixel((120, 30))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("index", [-1, 1])
def test_there_is_no_thumbnail_beyond_the_pictures(index: int) -> None:
    with pytest.raises(IndexError):
        pictures.thumbnail(checked({"1.png": png()}), index)


def test_an_unchecked_dataset_has_neither_thumbnails_nor_manifest(db: None) -> None:
    dataset = Dataset.objects.create(owner=User.objects.create(username="mia"), name="Pictures")
    for read in (pictures.manifest, lambda one: pictures.thumbnail(one, 0)):
        with pytest.raises(FileNotFoundError):
            read(dataset)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_preview_shows_pictures_exactly_as_training_sees_them(tmp_path: Path, channels: int) -> None:
    files = {f"{number}.png": png(number, (40 + number, 30)) for number in range(16)}
    dataset = checked(files)
    shape = Shape(20, 24, channels, "pad", "#336699")
    sheet = np.asarray(opened(preview.sheet(dataset, shape, mirror=False, shuffle_seed=5)))
    sheet = sheet.reshape(4, 24, 4, 20, channels).transpose(0, 2, 1, 3, 4).reshape(16, 24, 20, channels)
    with dataset.archive.open("rb") as archive:
        store = prepare(archive, pictures.manifest(dataset), tmp_path / "store", shape)  # type: ignore[arg-type]
    assert sorted(tile.tobytes() for tile in sheet) == sorted(image.tobytes() for image in store.images)


def test_another_seed_shuffles_the_preview_and_the_same_does_not() -> None:
    dataset = checked({f"{number}.png": png(number, (16, 16)) for number in range(16)})
    shape = Shape(16, 16, 3, "crop", "#ffffff")
    first, again, other = (preview.sheet(dataset, shape, mirror=True, shuffle_seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_mirroring_turns_some_tiles_and_not_others() -> None:
    picture = np.asarray(opened(png(1, (16, 16))))
    data = preview.sheet(checked({"1.png": png(1, (16, 16))}), Shape(16, 16, 3, "crop", "#ffffff"), mirror=True, shuffle_seed=0)
    tiles = np.asarray(opened(data)).reshape(4, 16, 4, 16, 3).transpose(0, 2, 1, 3, 4).reshape(16, 16, 16, 3)
    mirrored = [np.array_equal(tile, picture[:, ::-1]) for tile in tiles]
    assert 0 < sum(mirrored) < 16 and all(turned or np.array_equal(tile, picture) for turned, tile in zip(mirrored, tiles, strict=True))


def test_the_preview_is_drawn_from_the_whole_archive() -> None:
    files = {f"{number:03d}.png": encoded(Image.new("L", (8, 8), number)) for number in range(250)}
    dataset = checked(files)
    shape = Shape(16, 16, 1, "crop", "#ffffff")
    greys = {
        int(grey) for seed in range(20) for grey in np.unique(np.asarray(opened(preview.sheet(dataset, shape, mirror=False, shuffle_seed=seed))))
    }
    gaps = np.diff([0, *sorted(greys), 249])
    assert 32 <= len(greys) <= originals.MOST and gaps.max() <= 10


def test_large_pictures_are_kept_at_the_size_of_the_largest_network() -> None:
    dataset = checked({"1.jpg": encoded(Image.effect_noise((1500, 1100), 60).convert("RGB"), "JPEG")})
    wide = opened(preview.sheet(dataset, Shape(512, 512, 3, "crop", "#ffffff"), mirror=False, shuffle_seed=0))
    assert wide.size == (2048, 2048)
    assert dataset.bytes - dataset.archive.size < 2_000_000


SQUARE = Shape(16, 16, 3, "crop", "#ffffff")


def sixteen(data: bytes) -> np.ndarray:
    """The pictures of a sheet, (16, H, W, 3)."""
    image = opened(data).convert("RGB")
    height, width = image.height // 4, image.width // 4
    return np.asarray(image).reshape(4, height, 4, width, 3).transpose(0, 2, 1, 3, 4).reshape(16, height, width, 3)


def numbered(width: int, height: int) -> np.ndarray:
    """A smooth picture whose colours tell the place: red from left to right, green from top to bottom."""
    rows, columns = np.indices((height, width))
    return np.stack([columns * 255 // (width - 1), rows * 255 // (height - 1), 0 * rows], axis=2).astype(np.uint8)


def test_the_preview_cuts_out_the_subjects() -> None:
    array = np.zeros((600, 900, 3), np.uint8)
    array[60:160, 500:640] = 255
    dataset = checked({"1.png": encoded(Image.fromarray(array)), "1.xml": annotation((501, 61, 640, 160))})
    shown = sixteen(preview.sheet(dataset, replace(SQUARE, crop_to_boxes=True), mirror=False, shuffle_seed=0))
    assert shown[:, 4:-4, 2:-2].min() > 250
    assert sixteen(preview.sheet(dataset, SQUARE, mirror=False, shuffle_seed=0)).mean() < 40


def test_the_preview_shows_tiles_that_training_shows(tmp_path: Path) -> None:
    dataset = checked({"1.png": png(1, (200, 150))})
    shape = replace(SQUARE, tiles=30)
    with dataset.archive.open("rb") as archive:
        store = prepare(archive, pictures.manifest(dataset), tmp_path / "store", shape)  # type: ignore[arg-type]
    trained = {image.tobytes() for image in store.images}
    shown = {image.tobytes() for image in sixteen(preview.sheet(dataset, shape, mirror=False, shuffle_seed=0))}
    assert shown <= trained and len(shown) > 8


def test_tiles_of_a_large_picture_are_previewed_in_full_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1800, 2100), dtype=np.uint8)
    dataset = checked({"1.png": encoded(Image.fromarray(noise))})
    fine = sixteen(preview.sheet(dataset, replace(SQUARE, tiles=1), mirror=False, shuffle_seed=0))
    assert fine.std(axis=(1, 2)).min() > 40 and len({one.tobytes() for one in fine}) == 16
    wide = sixteen(preview.sheet(dataset, replace(SQUARE, tiles=1, tile_scale=64.0), mirror=False, shuffle_seed=0))
    assert wide.std(axis=(1, 2)).max() < 20


@pytest.mark.parametrize(("scale", "share"), [(4.0, 64 / 1200), (20.0, 320 / 1200), (64.0, 1024 / 1200), (70.0, 1120 / 1200)])
def test_a_previewed_tile_sees_as_far_as_training(scale: float, share: float) -> None:
    dataset = checked({"1.png": encoded(Image.fromarray(numbered(1600, 1200)))})
    shown = sixteen(preview.sheet(dataset, replace(SQUARE, tiles=9, tile_scale=scale), mirror=False, shuffle_seed=0)).astype(int)
    spans = (shown[:, -1, :, 1] - shown[:, 0, :, 1]).mean(axis=1) * 16 / 15 / 255
    assert np.abs(spans - share).max() < 0.02


def test_tiles_of_pictures_checked_before_middles_were_kept_are_previewed_from_what_there_is() -> None:
    dataset = checked({"1.png": encoded(Image.fromarray(numbered(1600, 1200)))})
    name = pictures.originals_name(dataset)
    kept = pack.Pack(io.BytesIO())
    kept.add(pack.blob(name, 0))
    moved = Dataset.objects.get(pk=dataset.pk)
    moved.attempt = 7
    kept.store(pictures.originals_name(moved))
    default_storage.save(f"{pictures.place(moved)}/manifest.json.gz", default_storage.open(f"{pictures.place(dataset)}/manifest.json.gz"))
    assert len(sixteen(preview.sheet(moved, replace(SQUARE, tiles=9), mirror=False, shuffle_seed=0))) == 16


@pytest.mark.parametrize("count", [1, 64, 65, 129, 1000])
def test_which_originals_are_kept_follows_from_their_number(count: int) -> None:
    writer = pictures.Writer()
    with writer:
        for _ in range(count):
            writer.add(png(), b"")
        assert list(writer._files) == list(originals.kept(count))


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def keys(s3_address: str, settings: Any) -> Callable[[], list[str]]:
    """File storage in a bucket of its own on a local S3 server; gives the names of what is in it."""
    bucket = f"ganvas-{uuid.uuid4()}"
    access = {"endpoint_url": s3_address, "region_name": "us-east-1"}
    client = boto3.client("s3", aws_access_key_id="test", aws_secret_access_key="test", **access)
    client.create_bucket(Bucket=bucket)
    options = {"bucket_name": bucket, "access_key": "test", "secret_key": "test", "addressing_style": "path", "signature_version": "s3v4", **access}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
    return lambda: [one["Key"] for one in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_on_s3_a_dataset_is_checked_read_and_deleted(keys: Any, tmp_path: Path) -> None:
    dataset = checked({f"{'ab'[number % 2]}/{number}.png": png(number, (30, 20)) for number in range(6)})
    assert len(keys()) == 6 and all(key.startswith(dataset.directory) for key in keys())
    assert len(pictures.manifest(dataset)) == 6
    assert np.array_equal(np.asarray(opened(pictures.thumbnail(dataset, 4)).convert("RGB")), np.asarray(opened(png(4, (30, 20)))))
    shape = Shape(16, 16, 3, "crop", "#ffffff")
    assert opened(preview.sheet(dataset, shape, mirror=False, shuffle_seed=0)).size == (64, 64)
    with dataset.archive.open("rb") as archive:
        assert len(prepare(archive, pictures.manifest(dataset), tmp_path / "store", shape)) == 6  # type: ignore[arg-type]
    storage.delete_directory(dataset.directory)
    assert keys() == []


def test_on_s3_a_refused_archive_leaves_nothing(keys: Any) -> None:
    dataset = Dataset(owner=User.objects.create(username="mia"), name="Pictures")
    dataset.archive.save("archive", ContentFile(b"no archive"), save=False)
    dataset.save()
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Dataset.Status.FAILED and keys() == []


def test_on_s3_a_missing_archive_is_told(keys: Any) -> None:
    dataset = Dataset.objects.create(owner=User.objects.create(username="mia"), name="Pictures", archive="datasets/gone/archive")
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Dataset.Status.FAILED and "no longer in storage" in dataset.error
