"""Checking an archive: what it finds, and how it ends when the archive, the worker or the owner gives up."""

import errno
import io
import tarfile
import threading
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from PIL import Image

from portal.accounts.models import User
from portal.datasets import pictures, samples
from portal.datasets.models import Dataset
from portal.datasets.remove import remove
from tests.gan_core.images.build import annotation, encoded, overlapping_zip, png, png_of_size, tarred, zipped
from tests.processes import wait_until
from worker import ingest_report
from worker.ingest import ingest
from worker.ingest_lease import Lease
from worker.reap import unchecked

pytestmark = pytest.mark.django_db
Status = Dataset.Status


@pytest.fixture
def owner(db: None) -> Any:
    return User.objects.create(username="mia")


def upload(owner: Any, data: bytes) -> Dataset:
    dataset = Dataset(owner=owner, name="Pictures")
    dataset.archive.save("archive", ContentFile(data), save=False)
    dataset.save()
    return dataset


def checked(owner: Any, data: bytes) -> Dataset:
    dataset = upload(owner, data)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def stored(dataset: Dataset) -> list[str]:
    """Everything in storage that belongs to the dataset."""
    found = []
    pending = [dataset.directory]
    while pending:
        prefix = pending.pop()
        if not default_storage.exists(prefix):
            continue
        directories, files = default_storage.listdir(prefix)
        found += [f"{prefix}/{file}".removeprefix(f"{dataset.directory}/") for file in files]
        pending += [f"{prefix}/{directory}" for directory in directories]
    return sorted(found)


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


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_checks(owner: Any) -> None:
    dataset = upload(owner, zipped({f"{number}.png": png(number) for number in range(50)}))
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        try:
            ingest(dataset.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt, dataset.image_count) == (Status.READY, 1, 50)


def test_the_work_of_a_dead_worker_is_taken_over_and_swept_up(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png(), "x.txt": b"x"}))
    dataset.skipped.create(position=0, path="of the first attempt", reason="damaged")
    default_storage.save(f"{dataset.directory}/checked-1/thumbnails", ContentFile(b"half"))
    Dataset.objects.update(attempt=1, lease_expires=timezone.now() - timedelta(seconds=1))
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt) == (Status.READY, 2)
    assert [row.path for row in dataset.skipped.all()] == ["x.txt"]
    assert not [name for name in stored(dataset) if name.startswith("checked-1/")]


def test_a_lease_that_is_running_is_respected(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    Dataset.objects.update(attempt=1, lease_expires=timezone.now() + timedelta(seconds=30))
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt) == (Status.PROCESSING, 1)


def test_a_dataset_that_kills_workers_is_not_taken_forever(owner: Any, settings: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    Dataset.objects.update(attempt=settings.GANVAS_MAX_FAILURES, lease_expires=timezone.now() - timedelta(seconds=1))
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.attempt == settings.GANVAS_MAX_FAILURES


def test_a_worker_that_lost_its_claim_writes_nothing_any_more(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png(), "2.png": png(2), "x.txt": b"x"}))

    def taken_over() -> bool:
        Dataset.objects.filter(attempt=1).update(attempt=2, lease_expires=timezone.now() + timedelta(seconds=30))
        return False

    ingest(dataset.pk, taken_over)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt, dataset.image_count) == (Status.PROCESSING, 2, 0)
    assert stored(dataset) == ["archive"] and not dataset.skipped.exists()


@pytest.mark.parametrize("data", [zipped({"1.png": png()}), zipped({"x.txt": b"x"})], ids=["fine", "refused"])
def test_a_dataset_deleted_meanwhile_leaves_nothing(owner: Any, data: bytes) -> None:
    dataset = upload(owner, data)
    pk = dataset.pk

    def deleted() -> bool:
        Dataset.objects.filter(pk=pk).delete()
        return False

    ingest(pk, deleted)
    assert stored(dataset) == []


def test_a_worker_that_leaves_gives_the_dataset_back(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png(), "2.png": png(2)}))
    ingest(dataset.pk, lambda: True)
    dataset.refresh_from_db()
    assert dataset.status == Status.PROCESSING and dataset.lease_expires <= timezone.now()
    assert stored(dataset) == ["archive"]
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt, dataset.image_count) == (Status.READY, 2, 2)


def test_progress_is_told_on_the_way(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_report, "REPORT_SECONDS", 0)
    dataset = upload(owner, zipped({f"{number}.png": png(number, (64, 64)) for number in range(60)}))
    seen: list[float] = []

    def look() -> bool:
        seen.append(Dataset.objects.get(pk=dataset.pk).progress)
        return False

    ingest(dataset.pk, look)
    assert seen == sorted(seen) and len(set(seen)) > 5 and 0.5 < seen[-1] < 1


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_the_check_takes_long(owner: Any, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = 1
    dataset = upload(owner, zipped({"1.png": png()}))
    leases: list[Any] = []

    def slow() -> bool:
        first = Dataset.objects.get(pk=dataset.pk).lease_expires
        later = wait_until(lambda: Dataset.objects.filter(pk=dataset.pk, lease_expires__gt=first).first(), "a renewal", 10)
        leases.extend([first, later.lease_expires])
        return False

    ingest(dataset.pk, slow)
    dataset.refresh_from_db()
    assert leases[1] > leases[0] and dataset.status == Status.READY


def test_an_unexpected_error_is_recorded_and_raised(owner: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    default_storage.save(f"{dataset.directory}/checked-1", ContentFile(b"a file where a folder must be"))
    with pytest.raises(FileExistsError):
        ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Status.FAILED and "administrator" in dataset.error and dataset.lease_expires is None


def test_what_is_full_or_away_is_waited_for_as_often_as_it_takes(owner: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    save = FileSystemStorage._save

    def full(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    for _ in range(settings.GANVAS_MAX_FAILURES + 1):
        ingest(dataset.pk)
        dataset.refresh_from_db()
        assert dataset.status == Status.PROCESSING and stored(dataset) == ["archive"]
        assert not unchecked().exists(), "It rests for a lease"
        Dataset.objects.update(lease_expires=Now() - timedelta(seconds=1))
    monkeypatch.setattr(FileSystemStorage, "_save", save)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.attempt, dataset.image_count) == (Status.READY, settings.GANVAS_MAX_FAILURES + 2, 1)


def test_workers_that_leave_do_not_use_up_its_attempts(owner: Any, settings: Any) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    for _ in range(settings.GANVAS_MAX_FAILURES):
        ingest(dataset.pk, lambda: True)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Status.READY


def test_a_commit_whose_answer_was_lost_costs_no_files(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    write = Lease.write

    def lost(self: Lease, **values: Any) -> None:
        write(self, **values)
        if values.get("status") == Status.READY:
            raise OperationalError("the connection was lost")

    monkeypatch.setattr(Lease, "write", lost)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.excused) == (Status.READY, 0)
    assert any(name.startswith("checked-1/") for name in stored(dataset))


def test_nor_does_a_storage_that_deletes_nothing(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = upload(owner, zipped({"1.png": png()}))
    default_storage.save(f"{dataset.directory}/checked-1/thumbnails", ContentFile(b"half"))
    Dataset.objects.update(attempt=1, lease_expires=Now() - timedelta(seconds=1))

    def refuse(*_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == Status.READY
    assert any(name.startswith("checked-2/") for name in stored(dataset))


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
