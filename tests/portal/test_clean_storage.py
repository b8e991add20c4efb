"""Files without a row and rows without their file are found, and nothing else is taken."""

import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from portal import orphans, storage
from portal.accounts.quota import usage
from portal.datasets.models import Dataset
from portal.runs.models import Artifact, Run, Sample, Status
from portal.trail.models import Deed
from tests import factories

pytestmark = pytest.mark.django_db


def stray(directory: str, name: str = "weights-9-1.safetensors") -> str:
    return default_storage.save(f"{directory}/{name}", ContentFile(b"stray"))


def age(prefix: str) -> None:
    """Make the files below `prefix` two days old."""
    then = time.time() - 2 * 86_400
    for name in storage.walk(prefix):
        os.utime(default_storage.path(name), (then, then))


def told() -> str:
    out = StringIO()
    call_command("clean_storage", "--dry-run", stdout=out)
    return out.getvalue()


def test_only_old_files_without_a_row_go(owner: Any) -> None:
    run = factories.finished_run(owner)
    known = set(storage.walk(run.directory))
    old = stray(f"{run.directory}/samples")
    age(run.directory)
    fresh = stray(run.directory, "weights-10-1.safetensors")
    assert old in told()
    assert fresh not in told()
    orphans.clean()
    assert set(storage.walk(run.directory)) == known | {fresh}


@pytest.mark.parametrize(("status", "kept"), [("ready", {"archive", "checked-2/x"}), ("failed", {"archive"}), ("processing", None)])
def test_of_a_dataset_go_what_other_attempts_have_made_of_its_archive(owner: Any, status: str, kept: set[str] | None) -> None:
    dataset = factories.make_dataset(owner, status=status, attempt=2)
    names = {default_storage.save(f"{dataset.directory}/{name}", ContentFile(b"x")) for name in ("archive", "checked-1/x", "checked-2/x")}
    orphans.clean()
    assert set(storage.walk(dataset.directory)) == names, "They are young"
    age(dataset.directory)
    orphans.clean()
    assert set(storage.walk(dataset.directory)) == (names if kept is None else {f"{dataset.directory}/{name}" for name in kept})


def test_a_run_at_work_is_left_alone(owner: Any) -> None:
    run = factories.make_run(owner, status=Status.RUNNING)
    name = stray(run.directory)
    age(run.directory)
    orphans.clean()
    assert default_storage.exists(name)


def test_without_any_dataset_nothing_is_taken(owner: Any) -> None:
    name = stray("runs/00000000-0000-0000-0000-0000000000aa")
    age("runs/00000000-0000-0000-0000-0000000000aa")
    orphans.clean()
    assert default_storage.exists(name)
    factories.make_dataset(owner)
    orphans.clean()
    assert not default_storage.exists(name)


def test_files_of_the_last_dataset_go_too(owner: Any) -> None:
    last = factories.make_dataset(owner)
    name = stray(last.directory)
    age(last.directory)
    Deed.objects.record(last, owner, "Deleted")
    last.delete()
    orphans.clean()
    assert not default_storage.exists(name)


def test_rows_without_their_file_go_but_not_checkpoints(owner: Any) -> None:
    run = factories.finished_run(owner)
    before = usage(owner)["storage_bytes"]
    for model in (Sample, Artifact):
        model.objects.filter(run=run).update(created=timezone.now() - timedelta(days=2))
    sheet = run.samples.get(step=100)
    for name in (sheet.image.name, run.artifacts.get(kind="checkpoint").file.name):
        default_storage.delete(name)
    orphans.clean()
    assert list(run.samples.values_list("step", flat=True)) == [0]
    assert run.artifacts.count() == 3
    assert usage(owner)["storage_bytes"] == before - sheet.bytes


def test_a_storage_that_is_elsewhere_costs_no_row(owner: Any) -> None:
    run = factories.finished_run(owner)
    Sample.objects.filter(run=run).update(created=timezone.now() - timedelta(days=2))
    storage.delete_directory(run.directory)
    stray(run.directory)
    orphans.clean()
    assert run.samples.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("noun", ["runs", "datasets"])
def test_what_a_failing_storage_kept_goes_later(noun: str, owner: Any, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.make_dataset(owner, name="Another")
    gone = factories.finished_run(owner) if noun == "runs" else factories.make_dataset(owner)
    stray(gone.directory)

    def refuse(*_: Any) -> None:
        raise OSError("Read-only file system")

    with monkeypatch.context() as failing:
        failing.setattr(FileSystemStorage, "delete", refuse)
        assert api.delete(f"/api/v1/{noun}/{gone.pk}/").status_code == 204
    assert not (Run if noun == "runs" else Dataset).objects.filter(pk=gone.pk).exists()
    assert list(storage.walk(gone.directory))
    age(gone.directory)
    orphans.clean()
    assert not [path for path in Path(default_storage.path(gone.directory)).rglob("*") if path.is_file()]
