"""Checking an archive: what it finds, and how it ends when the archive is of no use."""

import io
import tarfile
import zipfile
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from portal.accounts.models import User
from portal.datasets import pictures, samples
from portal.datasets.models import Dataset
from portal.datasets.remove import remove
from tests.gan_core.images.build import annotation, encoded, overlapping_zip, png, png_of_size, tarred, zipped
from tests.worker.archives import checked, stored, upload
from worker.ingest import ingest

pytestmark = pytest.mark.django_db
Status = Dataset.Status


@pytest.fixture
def owner(db: None) -> Any:
    return User.objects.create(username="mia")


def test_a_checked_archive_is_ready_with_its_figures(owner: Any) -> None:
    clear = encoded(Image.new("RGBA", (20, 40), (1, 2, 3, 100)))
    files = {"cat/1.png": png(1, (10, 20)), "cat/2.png": png(1, (10, 20)), "dog/3.png": clear, "read me.txt": b"hello", "dog/bad.png": png()[:50]}
    dataset = checked(owner, zipped(files))
    assert (dataset.status, dataset.progress, dataset.error, dataset.attempt, dataset.lease_expires) == (Status.READY, 1, "", 1, None)
    assert (dataset.image_count, dataset.skipped_count, dataset.duplicates, dataset.transparent_count) == (3, 2, 1, 1)
    assert dataset.classes == [{"name": "cat", "count": 2}, {"name": "dog", "count": 1}]
    assert dataset.modes == {"RGB": 2, "RGBA": 1}
    assert dataset.width == {"min": 10, "median": 10, "max": 20} and dataset.height == {"min": 20, "median": 20, "max": 40}
    assert dataset.bytes == sum(default_storage.size(f"{dataset.directory}/{name}") for name in stored(dataset))


def test_annotations_are_counted_and_not_skipped(owner: Any) -> None:
    marks = annotation((1, 1, 4, 4), (2, 2, 8, 8), (50, 50, 60, 60))
    files = {
        "Images/cat/1.png": png(1),
        "Images/dog/2.png": png(2),
        "Annotation/cat/1": marks,
        "Annotation/dog/3": marks,
        "Annotation/dog/bad": marks[:-5],
    }
    dataset = checked(owner, zipped(files))
    assert (dataset.image_count, dataset.annotated, dataset.boxes) == (2, 1, 2)
    assert list(dataset.skipped.values_list("path", "reason")) == [("Annotation/dog/bad", "damaged")]
    assert [one["name"] for one in dataset.classes] == ["cat", "dog"]
    assert [entry.boxes for entry in pictures.manifest(dataset).entries] == [((0, 0, 4, 4), (1, 1, 8, 8)), ()]


def test_an_archive_of_annotations_alone_has_no_pictures(owner: Any) -> None:
    assert "not a single picture" in checked(owner, zipped({"1.xml": annotation((1, 1, 2, 2))})).error


def test_skipped_files_are_listed_in_the_order_of_the_archive(owner: Any) -> None:
    files = {"b.txt": b"x", "1.png": png(), "a/.hidden": b"x", "0.png": png()[:50], "empty.png": b""}
    dataset = checked(owner, zipped(files))
    rows = list(dataset.skipped.values_list("path", "reason"))
    assert rows == [("b.txt", "not_an_image"), ("a/.hidden", "hidden"), ("0.png", "damaged"), ("empty.png", "empty")]


def test_thousands_of_skipped_files_are_all_recorded(owner: Any) -> None:
    dataset = checked(owner, zipped({"1.png": png(), **{f"{number}.txt": b"x" for number in range(2500)}}))
    assert dataset.skipped.count() == dataset.skipped_count == 2500


def test_names_that_no_database_takes_are_taken(owner: Any) -> None:
    files = {"x" * 1500 + "/1.txt": b"x", "a\x01/1.png": png(1), "b/2.png": png(2)}
    dataset = checked(owner, tarred(files))
    assert dataset.status == Status.READY and len(dataset.skipped.get().path) == 1000
    assert [one["name"] for one in dataset.classes] == ["a\ufffd", "b"]


def encrypted_only() -> bytes:
    data = bytearray(zipped({"1.png": png()}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def linking() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE)):
            link = tarfile.TarInfo(f"{number}.png")
            link.type, link.linkname = kind, "/etc/passwd"
            archive.addfile(link)
    return buffer.getvalue()


HOSTILE = {
    "overlapping": (overlapping_zip(500, 1_000_000), "overlap"),
    "encrypted": (encrypted_only(), "1 x encrypted"),
    "truncated zip": (zipped({"1.png": png()})[:200], "damaged"),
    "truncated tar.gz": (tarred({"1.png": png(1, (90, 90)), "2.png": png(2)}, "w:gz")[:9000], "damaged"),
    "pixel bomb": (zipped({"1.png": png_of_size(60_000, 60_000)}), "1 x too large"),
    "nested": (zipped({"1.zip": zipped({"1.png": png()})}), "1 x an archive within"),
    "unsafe paths": (zipped({"../../1.png": png(), "/2.png": png()}), "2 x unsafe path"),
    "links": (linking(), "2 x a link, not a file"),
    "empty zip": (zipped({}), "not a single picture"),
    "no archive": (b"MZ this is a program", "neither a zip"),
    "nothing": (b"", "empty"),
    "only text": (zipped({"1.txt": b"x"}), "1 x not a picture"),
    "only system files": (zipped({"__MACOSX/._1.png": png()}), "1 x hidden"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_refused_archive_leaves_one_sentence_and_nothing_else(owner: Any, name: str, settings: Any) -> None:
    data, words = HOSTILE[name]
    dataset = checked(owner, data)
    assert dataset.status == Status.FAILED and dataset.lease_expires is None
    assert words in dataset.error
    assert dataset.error.endswith(".") and "\n" not in dataset.error
    assert stored(dataset) == [] and not dataset.archive and dataset.bytes == 0
    assert not dataset.skipped.exists()
    assert list((settings.VAR / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("ARCHIVE_BYTES", 100, "limit here is 100 bytes"),
        ("ARCHIVE_ENTRIES", 2, "more than 2 entries"),
        ("UNPACKED_BYTES", 300, "more than 300 bytes"),
    ],
)
def test_the_limits_are_settings(owner: Any, settings: Any, setting: str, value: int, words: str) -> None:
    setattr(settings, f"GANVAS_{setting}", value)
    assert words in checked(owner, zipped({f"{number}.png": png(number) for number in range(3)})).error


def test_a_limit_on_pixels_skips_the_picture(owner: Any, settings: Any) -> None:
    settings.GANVAS_PICTURE_PIXELS = 100
    dataset = checked(owner, zipped({"1.png": png(1, (10, 10)), "2.png": png(2, (10, 11))}))
    assert dataset.image_count == 1 and dataset.skipped.get().reason == "too_large"


@pytest.mark.parametrize("status", [Status.READY, Status.FAILED, Status.UPLOADING])
def test_only_datasets_that_wait_are_checked(owner: Any, status: str) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    Dataset.objects.update(status=status)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt) == (status, 0)


def test_a_dataset_that_is_gone_is_no_error(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    remove(dataset, owner)
    ingest("00000000-0000-0000-0000-000000000000")


def test_an_archive_missing_from_storage_is_told(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    default_storage.delete(dataset.archive.name)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Status.FAILED and "no longer in storage" in dataset.error


@pytest.mark.skipif(not samples.COLLECTIONS["sprites"].find(), reason="The sprites are those of the arcade package, which is not installed.")
def test_a_sample_collection_is_built_by_the_worker(owner: Any) -> None:
    dataset = Dataset.objects.create(owner=owner, name="Sprites", sample="sprites")
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.archive_name) == (Status.READY, "sprites.zip")
    assert dataset.image_count == 465 and dataset.skipped_count == 0 and len(dataset.classes) == 12 and dataset.transparent_count > 300
    with dataset.archive.open("rb") as archive:
        assert len(zipfile.ZipFile(io.BytesIO(archive.read())).namelist()) == 465
    assert len(pictures.manifest(dataset)) == 465


def test_a_sample_collection_that_is_not_installed_here_is_told(owner: Any) -> None:
    dataset = Dataset.objects.create(owner=owner, name="Unicorns", sample="unicorns")
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Status.FAILED and "not installed" in dataset.error
