"""Who checks an archive when workers come, leave, die or lose their claim, and what they need is full or away."""

import errno
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from portal.accounts.models import User
from portal.datasets.models import Dataset
from tests.gan_core.images.build import png, zipped
from tests.processes import wait_until
from tests.worker.archives import stored, upload
from worker import ingest_report
from worker.ingest import ingest
from worker.ingest_lease import Lease
from worker.reap import unchecked

pytestmark = pytest.mark.django_db
Status = Dataset.Status


@pytest.fixture
def owner(db: None) -> Any:
    return User.objects.create(username="mia")


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
