"""A backup of an installation at work, restored into an empty one: every run goes on and ends as if nothing had happened."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs import control
from portal.runs.models import Run, Status
from scripts import backup
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, trained_past_a_checkpoint
from tests.processes import ROOT, Portal, wait_until
from tests.training import launched

SHORT = 200


def test_queued_paused_and_running_runs_go_on_after_a_restore(installation: Portal, owner: User, dataset: Dataset, tmp_path: Path) -> None:
    worker = installation.worker()
    running = launched(owner, dataset, steps=a_while())
    queued, paused = launched(owner, dataset, steps=SHORT), launched(owner, dataset, steps=SHORT)
    control.pause(paused, owner)
    saved = tmp_path / "backup"
    half = saved / "media" / str(dataset.archive.name)
    half.parent.mkdir(parents=True)
    half.write_bytes(b"copied while it was written")
    wait_until(lambda: trained_past_a_checkpoint(running), "some training after a checkpoint")
    command = [sys.executable, "scripts/backup.py", "save", str(saved)]
    done = subprocess.run(command, cwd=ROOT, env=installation.variables(), capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    worker.kill()

    with pytest.raises(SystemExit, match="is in use"):
        backup.restore(saved)
    empty()
    backup.restore(saved)
    states = {run.pk: run.status for run in Run.objects.all()}
    assert states == {running.pk: Status.QUEUED, queued.pk: Status.QUEUED, paused.pk: Status.PAUSED}
    assert Run.objects.get(pk=running.pk).transitions.first().reason == "Restored from a backup"

    installation.worker("train", "restored")
    control.resume(Run.objects.get(pk=paused.pk), owner)
    control.stop(Run.objects.get(pk=queued.pk), owner)  # it is no other now than the one that was running
    for run in (running, paused):
        finish(run, installation)
        assert_as_if_undisturbed(run)
    assert "Begins anew" not in Run.objects.get(pk=running.pk).log_tail
    assert (Run.objects.get(pk=running.pk).attempt, Run.objects.get(pk=running.pk).failures) == (2, 0)


def empty() -> None:
    """What a new installation is: tables without rows, no files, nothing prepared."""
    call_command("flush", interactive=False, verbosity=0)
    for place in (settings.MEDIA_ROOT, settings.GANVAS_CACHE):
        shutil.rmtree(place)
    connection.close()
