"""Leases are told by the database's clock, and end on time whatever the database lets one wait for."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import DatabaseError, InternalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from portal.datasets.models import Dataset
from portal.errors import is_database_away
from portal.leases import lease_end
from portal.postgres.base import has_spoken
from portal.runs.models import Run, Status
from portal.workers.models import Worker
from tests.processes import Broker, database_url, wait_until
from tests.training import launched, person, ready
from worker import supervise
from worker.claim import claim_next
from worker.heart import Heart
from worker.ingest_lease import Lease
from worker.patience import is_passing, patiently
from worker.process import RunProcess
from worker.reap import reap, unchecked
from worker.supervise import Supervisor

HOUR = timedelta(hours=1)
A_LEASE = timedelta(seconds=40)
STOPPED = """
import os, signal, django
django.setup()
from django.db import connection, transaction
from portal.runs.models import Run
with transaction.atomic():
    Run.objects.filter(pk=os.environ["RUN"]).update(step=1)
    if seconds := os.environ.get("IDLE"):
        connection.cursor().execute(f"SET idle_in_transaction_session_timeout = '{seconds}s'")
    print("stopped", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture(params=[HOUR, -HOUR], ids=["ahead", "behind"])
def jumped(request: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> timedelta:
    """This machine's clock shows another time than the database's."""
    settings.GANVAS_LEASE_SECONDS = A_LEASE.total_seconds()
    true = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: true() + request.param)
    return cast(timedelta, request.param)


@pytest.fixture
def run(broker: Broker) -> Run:
    owner = person()
    return launched(owner, ready(owner), steps=1)


def left(run: Run) -> timedelta:
    """Of the lease, by the clock of the database."""
    return Run.objects.annotate(left=F("lease_expires") - Now()).values_list("left", flat=True).get(pk=run.pk)


def claimed(name: str = "one") -> Run:
    run = claim_next(name)
    assert run
    return run


def test_a_machine_whose_clock_has_jumped_claims_as_others_do(run: Run, jumped: timedelta) -> None:
    claimed()
    assert A_LEASE - timedelta(seconds=10) < left(run) <= A_LEASE


def test_and_renews_as_others_do(run: Run, jumped: timedelta) -> None:
    supervisor = Supervisor.__new__(Supervisor)  # without a process
    supervisor.held = Run.objects.held_by(run.pk, claimed().attempt)
    Run.objects.update(lease_expires=Now())
    supervisor._renew()
    assert A_LEASE - timedelta(seconds=10) < left(run) <= A_LEASE


def test_its_reaper_takes_nothing_from_the_living_and_all_from_the_dead(run: Run, jumped: timedelta) -> None:
    claimed()
    reap()
    run.refresh_from_db()
    assert run.status == Status.STARTING
    Run.objects.update(lease_expires=Now() - timedelta(seconds=1))
    reap()
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def test_it_counts_the_time_that_has_passed(run: Run, jumped: timedelta) -> None:
    claimed()
    Run.objects.update(counted=Now() - timedelta(seconds=30))
    run.count_device_time()
    run.refresh_from_db()
    assert 30 <= run.device_seconds < 40


def test_its_heart_is_heard_and_it_hears_others(run: Run, jumped: timedelta) -> None:
    Heart("one", threading.Event()).beat()
    heard = Worker.objects.alive().get()
    assert heard.is_alive
    assert timedelta(0) <= heard.silent_for < timedelta(seconds=10)


def test_pictures_that_it_checks_are_kept_from_others_for_a_lease(run: Run, jumped: timedelta) -> None:
    Dataset.objects.update(status=Dataset.Status.PROCESSING, attempt=1, lease_expires=Now() - timedelta(seconds=1))
    assert unchecked().exists()
    Lease(Dataset.objects.get()).write(lease_expires=lease_end())
    assert not unchecked().exists()


@pytest.fixture
def stopped_while_writing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[RunProcess]]:
    """The process of a run stands still in the middle of a transaction."""
    started: list[subprocess.Popen[bytes]] = []

    class Stopped(RunProcess):
        def __init__(self, run_id: str, *_: Any, **__: Any) -> None:
            env = {**os.environ, "RUN": run_id, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "portal.settings"}
            self._popen = subprocess.Popen([sys.executable, "-c", STOPPED], env=env, stdout=subprocess.PIPE)
            started.append(self._popen)
            assert self._popen.stdout
            assert self._popen.stdout.readline() == b"stopped\n"
            self._reader = threading.Thread(target=self._popen.stdout.read, daemon=True)
            self._reader.start()

        def take_lines(self) -> list[str]:
            return []

    monkeypatch.setattr(supervise, "RunProcess", Stopped)
    yield Stopped
    for process in started:
        process.kill()
        process.wait()


def test_a_process_that_was_stopped_while_writing_is_killed_when_its_lease_ends(run: Run, settings: Any, stopped_while_writing: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = 2
    taken = claimed()
    begun = time.monotonic()
    Supervisor(taken).accompany()
    assert time.monotonic() - begun < 10  # a lock of SQLite is waited for twice as long, one of PostgreSQL for ever
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    assert "the database was out of reach" in run.transitions.latest("pk").reason


def test_one_that_was_stopped_while_writing_keeps_no_other_run_from_being_found(run: Run, stopped_while_writing: Any) -> None:
    other = launched(run.owner, run.dataset, steps=1)
    assert {claimed("one").pk, claimed("two").pk} == {run.pk, other.pk}
    Run.objects.update(lease_expires=Now() - HOUR)
    stopped = stopped_while_writing(str(run.pk))
    if connection.vendor == "sqlite":
        stopped.kill()  # there is one writer at a time: the others wait until it is gone
    begun = time.monotonic()
    reap()
    assert time.monotonic() - begun < 10
    other.refresh_from_db()
    assert other.status == Status.QUEUED


def test_the_database_ends_the_transaction_of_one_that_was_stopped(run: Run, stopped_while_writing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == ("1min",)
        monkeypatch.setenv("IDLE", "1")
    stopped = stopped_while_writing(str(run.pk))
    if connection.vendor == "sqlite":
        stopped.kill()  # nobody else can end it
    begun = time.monotonic()
    Run.objects.filter(pk=run.pk).update(step=2)
    assert time.monotonic() - begun < 10
    run.refresh_from_db()
    assert run.step == 2


@pytest.mark.django_db(transaction=True)
def test_who_wakes_in_such_a_transaction_tries_again() -> None:
    if connection.vendor == "sqlite":
        assert not is_passing(InternalError())  # nothing is ended there
        return
    with pytest.raises(DatabaseError) as woken, transaction.atomic():
        connection.cursor().execute("SET idle_in_transaction_session_timeout = '50ms'")
        wait_until(lambda: has_spoken(connection.connection), "the server to end it", 10)
        Run.objects.exists()
    assert is_passing(woken.value)
    assert is_database_away(woken.value)
    assert patiently(Run.objects.exists) is False


def test_a_lease_that_no_clock_can_have_given_keeps_nothing(run: Run) -> None:
    """The database's clock was an hour ahead when the worker renewed, and has been set right since the worker died."""
    claimed()
    Run.objects.update(lease_expires=lease_end() + HOUR)
    Dataset.objects.update(status=Dataset.Status.PROCESSING, attempt=1, lease_expires=lease_end() + HOUR)
    assert unchecked().exists()
    reap()
    run.refresh_from_db()
    assert run.status == Status.QUEUED
