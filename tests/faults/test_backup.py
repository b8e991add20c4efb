"""A backup of an installation at work, restored onto nothing as docs/operate.md says: every run goes on and ends as if nothing had happened."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.management import call_command
from django.db import connection

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs import control
from portal.runs.models import Run, Status
from scripts import backup
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, trained_past_a_checkpoint
from tests.processes import ROOT, Portal, database_url, wait_until
from tests.training import archive, launched

SHORT = 200
BOOK = (ROOT / "docs" / "operate.md").read_text()


class Elsewhere:
    """A machine that has nothing: no directory, no database, a broker that was never used."""

    def __init__(self, var: Path, settings: Any) -> None:
        self.var = var
        self.settings = settings
        self.portal = Portal()
        self.former = connection.settings_dict["NAME"]
        self.name = str(var / "ganvas.sqlite3") if connection.vendor == "sqlite" else f"restored_{self.former}"

    @property
    def url(self) -> str:
        return database_url().replace(self.former, self.name)

    def begin(self) -> None:
        """Let this process, and what is started from now on, belong to it."""
        connect(self.name)
        self.settings.VAR, self.settings.MEDIA_ROOT, self.settings.GANVAS_CACHE = self.var, self.var / "media", self.var / "cache"
        storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": self.settings.MEDIA_ROOT}}
        self.settings.STORAGES = {**self.settings.STORAGES, "default": storage}
        self.portal.broker.start()
        self.portal.join(self.settings)

    def close(self) -> None:
        self.portal.close()
        connect(self.former)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


def connect(name: str) -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
    connection.settings_dict["NAME"] = name


@pytest.fixture
def elsewhere(installation: Portal, settings: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    elsewhere = Elsewhere(tmp_path / "restored", settings)
    yield elsewhere
    elsewhere.close()


def lines(title: str, vendor: str = "") -> str:
    """The commands that stand in the book under that title, for that kind of database."""
    section = re.split(r"^## ", BOOK.partition(f"## {title}\n")[2], flags=re.MULTILINE)[0]
    blocks = re.findall(r"(?:^    .+\n)+", section, re.MULTILINE)
    (found,) = [block for block in blocks if not vendor or ("createdb" in block) == (vendor == "postgresql")]
    return found


def run(commands: str, environment: dict[str, str], **places: str) -> None:
    """In one shell, with the book's places in place of ours."""
    for theirs, own in places.items():
        assert theirs in commands
        commands = commands.replace(theirs, own)
    done = subprocess.run(["sh", "-eu", "-c", commands], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr


def save(saved: Path, installation: Portal) -> None:
    run(lines("Backup"), installation.variables(), **{".venv/bin/python": sys.executable, "/backup/ganvas": str(saved)})


def restore(saved: Path, elsewhere: Elsewhere) -> None:
    places = {".venv/bin/python": sys.executable, "/backup/ganvas": str(saved), "/srv/restored": str(elsewhere.var)}
    places["make run"] = f"{sys.executable} scripts/prepare.py database"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GANVAS_") and name != "DATABASE_URL"}
    if connection.vendor == "postgresql":
        given = connection.settings_dict
        environment |= {"PGHOST": given["HOST"], "PGPORT": str(given["PORT"]), "PGUSER": given["USER"], "PGPASSWORD": given["PASSWORD"]}
        places["postgresql://ganvas:PASSWORD@localhost/restored"] = elsewhere.url
        places["--owner ganvas restored"] = f"--owner {given['USER']} {elsewhere.name}"
    run(lines("Restore", connection.vendor), environment, **places)


def test_queued_paused_and_running_runs_go_on_where_there_was_nothing(
    installation: Portal, elsewhere: Elsewhere, owner: User, dataset: Dataset, tmp_path: Path
) -> None:
    worker = installation.worker()
    running = launched(owner, dataset, steps=a_while())
    queued, paused = launched(owner, dataset, steps=SHORT), launched(owner, dataset, steps=SHORT)
    control.pause(paused, owner)
    saved = tmp_path / "backup"
    half = saved / "media" / str(dataset.archive.name)
    half.parent.mkdir(parents=True)
    half.write_bytes(b"copied while it was written")
    wait_until(lambda: trained_past_a_checkpoint(running), "some training after a checkpoint")
    save(saved, installation)
    worker.kill()

    with pytest.raises(SystemExit, match="is in use"):
        backup.restore(saved)
    restore(saved, elsewhere)
    elsewhere.begin()
    states = {run.pk: run.status for run in Run.objects.all()}
    assert states == {running.pk: Status.QUEUED, queued.pk: Status.QUEUED, paused.pk: Status.PAUSED}
    assert Run.objects.get(pk=running.pk).transitions.first().reason == "Restored from a backup"
    key = ours.VAR / "secret-key"
    assert key.read_text() == (saved / "secret-key").read_text() and key.stat().st_mode & 0o777 == 0o600

    elsewhere.portal.worker("train", "restored")
    control.resume(Run.objects.get(pk=paused.pk), owner)
    control.stop(Run.objects.get(pk=queued.pk), owner)  # it is no other now than the one that was running
    for one in (running, paused):
        finish(one, elsewhere.portal)
        assert_as_if_undisturbed(one)
    assert "Begins anew" not in Run.objects.get(pk=running.pk).log_tail
    assert (Run.objects.get(pk=running.pk).attempt, Run.objects.get(pk=running.pk).failures) == (2, 0)


def test_tables_without_rows_are_as_good_as_none(installation: Portal, owner: User, dataset: Dataset, tmp_path: Path) -> None:
    saved = tmp_path / "backup"
    backup.save(saved, database_only=False)
    call_command("flush", interactive=False, verbosity=0)
    shutil.rmtree(ours.MEDIA_ROOT)
    backup.restore(saved)
    assert Dataset.objects.get().archive.read() == archive()
