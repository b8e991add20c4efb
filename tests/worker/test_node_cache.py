"""What a node keeps on its disk: fetched once, checked, bounded, and never taken from whoever uses it."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan_core.errors import GanCoreError
from portal.accounts.models import User
from portal.datasets.models import Dataset
from tests.object_store import ObjectStore
from tests.processes import ROOT, Broker, Portal
from tests.training import checked, config, person
from worker import cache, prepared

PREPARE = """
import sys
import django
django.setup()
from portal.datasets.models import Dataset
from tests.training import config
from worker import prepared
print("ready", flush=True)
sys.stdin.readline()
print(len(prepared.images(Dataset.objects.get(), config(steps=1))), flush=True)
"""
"""Without torch: what the process of a run does before it loads that."""


@pytest.fixture
def dataset(store: ObjectStore, broker: Broker) -> Dataset:
    dataset = checked(person())
    store.requests.clear()
    return dataset


def start(installation: Portal, node: str) -> "subprocess.Popen[str]":
    """A process of a run on that node, just before it asks for its pictures."""
    environment = {**installation.variables(), "GANVAS_CACHE": str(installation.directory / node), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.Popen([sys.executable, "-c", PREPARE], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(*processes: "subprocess.Popen[str]") -> list[list[str]]:
    """Let them all go on at once; what each has printed."""
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0].splitlines() for process in processes]


def test_each_node_fetches_an_archive_once_though_two_runs_ask_at_once(installation: Portal, store: ObjectStore, dataset: Dataset) -> None:
    said = go(*[start(installation, node) for node in ("a", "a", "b")])
    assert [lines[-1] for lines in said] == ["24"] * 3
    assert store.fetched(dataset.archive.name) == 2, said


def test_a_damaged_copy_is_fetched_again(store: ObjectStore, dataset: Dataset) -> None:
    first = prepared.images(dataset, config(steps=1)).images.copy()
    prepared.images(dataset, config(steps=1, width=24))
    assert store.fetched(dataset.archive.name) == 1, "Another shape is made of the same copy"
    copy = cache.ARCHIVES / str(dataset.pk)
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    for pixels in cache.PREPARED.glob(f"{dataset.pk}-*/images.npy"):
        pixels.write_bytes(pixels.read_bytes()[:-1] + b"x")
    again = prepared.images(dataset, config(steps=1)).images
    assert store.fetched(dataset.archive.name) == 2
    assert (again == first).all()


def test_a_copy_that_breaks_off_leaves_nothing(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Any, target: Any) -> None:
        target.write(source.read(100))
        target.flush()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(prepared.shutil, "copyfileobj", full)
        with pytest.raises(OSError, match="No space"):
            prepared.images(dataset, config(steps=1))
    assert not [path for path in cache.ARCHIVES.glob(f"*{dataset.pk}*") if path.suffix != cache.LOCK]
    assert len(prepared.images(dataset, config(steps=1))) == 24


def test_what_was_made_anew_a_moment_ago_is_not_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = tmp_path / "entry"
    entry.write_text("old")
    lock = fcntl.flock

    def replaced(descriptor: int, how: int) -> None:
        cache.discard(entry)
        entry.write_text("new")
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", replaced)
    assert not cache.drop(entry) and entry.read_text() == "new"


def test_an_archive_that_is_another_one_in_storage_is_refused(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(sha256="0" * 64)
    dataset.refresh_from_db()
    with pytest.raises(GanCoreError, match="no longer what was checked"):
        prepared.images(dataset, config(steps=1))


@pytest.fixture
def owner(broker: object) -> User:
    return person()


def test_above_the_bound_the_least_recently_used_goes_and_never_what_is_in_use(owner: User, settings: Any) -> None:
    for path in cache.PREPARED.glob("[!.]*"):
        cache.discard(path)
    old, used, new = checked(owner), checked(owner), checked(owner)
    for age, dataset in ((3, old), (2, used)):
        prepared.images(dataset, config(steps=1))
        os.utime(place(dataset), (1e9 - age, 1e9 - age))
    cache.release(place(old))
    size = sum(size for _, size, _ in cache._entries())
    settings.GANVAS_CACHE_BYTES = size
    prepared.images(new, config(steps=1))
    assert [place(dataset).exists() for dataset in (old, used, new)] == [False, True, True]
    settings.GANVAS_CACHE_BYTES = 1
    prepared.sweep()
    assert [place(dataset).exists() for dataset in (used, new)] == [True, True], "This process uses them"
    cache.release(place(used))
    prepared.sweep()
    assert [place(dataset).exists() for dataset in (used, new)] == [False, True]


def test_what_another_sweep_has_taken_meanwhile_is_no_error(owner: User) -> None:
    gone = cache.ARCHIVES / ".gone-a"
    cache.ARCHIVES.mkdir(parents=True, exist_ok=True)
    gone.symlink_to("nowhere")  # listed, and not to be found
    prepared.sweep()
    gone.unlink()


def place(dataset: Dataset) -> Path:
    return next(iter(cache.PREPARED.glob(f"{dataset.pk}-*")), cache.PREPARED / "none")
