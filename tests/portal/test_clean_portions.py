"""Storage is listed by portions and cleaned directory by directory, and what changes meanwhile is left alone: in folders, and on S3."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.utils import timezone

from portal import orphans, storage
from portal.runs.models import Run, Sample, Status
from tests import factories
from tests.object_store import ObjectStore

OLD = timedelta(days=2)
FILES = 3000


class Folder:
    """Puts files where the portal keeps them on this machine."""

    def put(self, name: str, modified: datetime) -> None:
        path = Path(default_storage.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (modified.timestamp(), modified.timestamp()))


@pytest.fixture(params=["folder", "bucket"])
def files(request: Any, settings: Any, tmp_path: Path) -> Iterator[Folder | ObjectStore]:
    if request.param == "folder":
        settings.MEDIA_ROOT = tmp_path
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
        }
        yield Folder()
        return
    store = ObjectStore()
    settings.STORAGES = {**settings.STORAGES, "default": store.storage}
    yield store
    store.stop()


@pytest.fixture
def run(owner: Any, files: Any) -> Run:
    """Ended, with a row for all but every hundredth file, and one whose file is gone."""
    run = factories.make_run(owner, status=Status.COMPLETED)
    then = timezone.now() - OLD
    for number in range(FILES):
        files.put(name(run, number), then)
    sheet = {"run": run, "attempt": 1, "epoch": 1, "columns": 1, "rows": 1, "tile_width": 1, "tile_height": 1, "seed": 1}
    known = [number for number in range(FILES + 1) if number % 100]
    Sample.objects.bulk_create(Sample(step=number, image=name(run, number), **sheet) for number in known)
    Sample.objects.create(step=FILES + 1, image=name(run, FILES + 1), **sheet)
    Sample.objects.update(created=then)
    return run


def name(run: Run, number: int) -> str:
    return f"{run.directory}/samples/{number:04}-1.webp"


def test_thousands_of_files_are_cleaned_by_portions_and_what_changes_meanwhile_is_left_alone(run: Run, files: Any) -> None:
    strays = {name(run, number) for number in range(0, FILES, 100)}
    found = orphans.find()
    first = next(found)
    listed = files.listings if isinstance(files, ObjectStore) else 0
    first.clean()
    files.put(fresh := f"{run.directory}/weights-9-2.safetensors", timezone.now())
    entered = (strays - {first.name}).pop()
    Sample.objects.filter(run=run, step=1).update(image=entered)
    Sample.objects.filter(run=run, step=2).delete()
    rest = list(found)
    for orphan in rest:
        orphan.clean()
    assert {one.name for one in rest if one.row is None} == strays - {first.name}
    assert [one.name for one in rest if one.row] == [name(run, FILES + 1)]
    assert set(storage.walk(run.directory)) == {name(run, number) for number in range(FILES)} - strays | {fresh, entered}
    assert not Sample.objects.filter(step=FILES + 1).exists()
    if isinstance(files, ObjectStore):
        assert listed == 3, "The directories of datasets, those of runs, and a thousand files; the others are listed when these are done."
    # The file of the row that was deleted meanwhile, and the one that the other row named before.
    assert {one.name for one in orphans.find()} == {name(run, 1), name(run, 2)}


@pytest.mark.parametrize("files", ["folder"], indirect=True)
def test_rows_of_a_run_that_a_process_has_taken_meanwhile_stay(run: Run) -> None:
    gone = [orphan for orphan in orphans.find() if orphan.row]
    Run.objects.update(status=Status.RUNNING)
    for orphan in gone:
        orphan.clean()
    assert Sample.objects.filter(step=FILES + 1).exists()


@pytest.fixture
def places(owner: Any, files: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Directories without a row, two old files in each; more of them than are listed at a time."""
    monkeypatch.setattr(storage, "PORTION", 2)
    factories.make_dataset(owner)
    places = [f"{noun}/{UUID(int=number)}" for noun in ("datasets", "runs") for number in range(3)]
    for place in places:
        for part in "ab":
            files.put(f"{place}/{part}", timezone.now() - OLD)
    return places


def left(places: list[str]) -> list[str]:
    return sorted(found for place in places for found in storage.walk(place))


def test_a_directory_is_deleted_by_portions_and_nothing_beside_it(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PORTION", 2)
    listed: list[int] = []
    taken = storage._entries

    def entries(prefix: str) -> Iterator[Any]:
        listed.append(0)
        for entry in taken(prefix):
            listed[-1] += 1
            yield entry

    monkeypatch.setattr(storage, "_entries", entries)
    inside = ["runs/1/a", "runs/1/b", "runs/1/c", "runs/1/samples/d", "runs/1/samples/deep/e"]
    for name in (*inside, "runs/10/a", "runs/2/a"):
        files.put(name, timezone.now())
    storage.delete_directory("runs/1")
    if isinstance(files, ObjectStore):
        deletions = [path for method, path in files.requests if method in ("POST", "DELETE")]
        assert (files.listings, len(deletions)) == (3, 3), "Two names at a time"
    else:
        assert max(listed) == 2
        assert not Path(default_storage.path("runs/1")).exists()
    assert sorted([*storage.walk("runs/1"), *storage.walk("runs/10"), *storage.walk("runs/2")]) == ["runs/10/a", "runs/2/a"]
    storage.delete_directory("runs/1")


@pytest.mark.parametrize("files", ["bucket"], indirect=True)
def test_a_file_that_a_bucket_keeps_is_an_error(files: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    files.put("runs/1/a", timezone.now())
    client = default_storage.connection.meta.client
    monkeypatch.setattr(client, "delete_objects", lambda **_: {"Errors": [{"Key": "runs/1/a", "Code": "AccessDenied", "Message": "No"}]})
    with pytest.raises(OSError, match="runs/1/a: No"):
        storage.delete_directory("runs/1")


def test_a_pass_goes_on_where_the_last_one_ended(files: Any, places: list[str]) -> None:
    assert orphans.clean_on(lambda: len(left(places)) <= 9) == 3
    files.put(f"{places[0]}/c", timezone.now() - OLD)
    assert orphans.clean_on(lambda: False) == 9
    assert left(places) == [f"{places[0]}/c"]
    assert orphans.clean_on(lambda: False) == 1


@pytest.mark.parametrize("files", ["folder"], indirect=True)
def test_a_pass_ends_in_time(places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "SECONDS", -1)
    assert [orphans.clean_on(lambda: False) for _ in range(2)] == [1, 1]
    assert len(left(places)) == 10


@pytest.mark.parametrize("files", ["folder"], indirect=True)
def test_a_directory_that_cannot_be_listed_keeps_no_other(places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(prefix: str) -> Iterator[str]:
        if prefix == places[1]:
            raise PermissionError(prefix)
        yield from walk(prefix)

    walk = storage.walk
    with monkeypatch.context() as failing:
        failing.setattr(storage, "walk", refuse)
        assert orphans.clean() == 10
    assert left(places) == [f"{places[1]}/a", f"{places[1]}/b"]


def test_the_place_is_remembered_beside_the_counters_of_many_visitors(db: None) -> None:
    cache.set(orphans.PLACE, "runs/9", None)
    for number in range(400):
        cache.set(f"visitor-{number:03}", number)
    assert [cache.get(key) for key in (orphans.PLACE, "visitor-000", "visitor-399")] == ["runs/9", 0, 399]
