"""What a check leaves for the pages: thumbnails, and a preview that shows what training will see. On a folder and on S3."""

import io
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from django.core.files.base import ContentFile
from moto.server import ThreadedMotoServer
from PIL import Image

from gan_core.images.fit import Shape
from gan_core.images.store import prepare
from portal import storage
from portal.accounts.models import User
from portal.datasets import pictures
from portal.datasets.models import Dataset
from tests.gan_core.images.build import encoded, png, zipped
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
    sheet = np.asarray(opened(pictures.preview(dataset, shape, mirror=False, shuffle_seed=5)))
    sheet = sheet.reshape(4, 24, 4, 20, channels).transpose(0, 2, 1, 3, 4).reshape(16, 24, 20, channels)
    with dataset.archive.open("rb") as archive:
        store = prepare(archive, pictures.manifest(dataset), tmp_path / "store", shape)  # type: ignore[arg-type]
    assert sorted(tile.tobytes() for tile in sheet) == sorted(image.tobytes() for image in store.images)


def test_another_seed_shuffles_the_preview_and_the_same_does_not() -> None:
    dataset = checked({f"{number}.png": png(number, (16, 16)) for number in range(16)})
    shape = Shape(16, 16, 3, "crop", "#ffffff")
    first, again, other = (pictures.preview(dataset, shape, mirror=True, shuffle_seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_mirroring_turns_some_tiles_and_not_others() -> None:
    picture = np.asarray(opened(png(1, (16, 16))))
    data = pictures.preview(checked({"1.png": png(1, (16, 16))}), Shape(16, 16, 3, "crop", "#ffffff"), mirror=True, shuffle_seed=0)
    tiles = np.asarray(opened(data)).reshape(4, 16, 4, 16, 3).transpose(0, 2, 1, 3, 4).reshape(16, 16, 16, 3)
    mirrored = [np.array_equal(tile, picture[:, ::-1]) for tile in tiles]
    assert 0 < sum(mirrored) < 16 and all(turned or np.array_equal(tile, picture) for turned, tile in zip(mirrored, tiles, strict=True))


def test_the_preview_is_drawn_from_the_whole_archive() -> None:
    files = {f"{number:03d}.png": encoded(Image.new("L", (8, 8), number)) for number in range(250)}
    dataset = checked(files)
    shape = Shape(16, 16, 1, "crop", "#ffffff")
    greys = {
        int(grey) for seed in range(20) for grey in np.unique(np.asarray(opened(pictures.preview(dataset, shape, mirror=False, shuffle_seed=seed))))
    }
    gaps = np.diff([0, *sorted(greys), 249])
    assert 32 <= len(greys) <= pictures.ORIGINALS and gaps.max() <= 10


def test_large_pictures_are_kept_at_the_size_of_the_largest_network() -> None:
    dataset = checked({"1.jpg": encoded(Image.effect_noise((1500, 1100), 60).convert("RGB"), "JPEG")})
    wide = opened(pictures.preview(dataset, Shape(512, 512, 3, "crop", "#ffffff"), mirror=False, shuffle_seed=0))
    assert wide.size == (2048, 2048)
    assert dataset.bytes - dataset.archive.size < 2_000_000


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
    assert opened(pictures.preview(dataset, shape, mirror=False, shuffle_seed=0)).size == (64, 64)
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
