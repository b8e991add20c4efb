"""A run's process that is asked to leave goes with all that it has learned; one that does not go is killed, and the history says so."""

import signal
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.runs import control
from portal.runs.models import Run, Status
from tests.processes import wait_until
from tests.worker.recording import checkpoint, loss
from worker import exits, supervise
from worker.record import Recorder
from worker.train_run import _record
from worker.wishes import Wishes


@pytest.fixture
def wishes(run: Run) -> Iterator[Wishes]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)}
    yield Wishes(run.pk, 1)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_does_not_go_with_a_checkpoint_that_training_has_passed(run: Run, recorder: Recorder, wishes: Wishes, tmp_path: Path) -> None:
    """One that was due by the clock may become whole just then."""

    def training() -> Generator[Any, Any, None]:
        yield loss(5)
        wishes.leave = True
        asked = yield replace(checkpoint(3, tmp_path), late=True)
        assert asked == "checkpoint"
        yield checkpoint(5, tmp_path)

    assert _record(recorder, wishes, training()) == exits.LEFT
    run.refresh_from_db()
    assert run.step == run.losses.latest("step").step == 5
    assert {*run.artifacts.filter(kind="checkpoint").values_list("step", flat=True)} == {3, 5}


@pytest.fixture
def deaf(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> supervise.Supervisor:
    """Accompanies a process that does not hear what it is asked, and has little patience with it."""
    script = tmp_path / "deaf"
    script.write_text("#!/bin/sh\ntrap '' TERM\necho deaf\nexec sleep 600\n")
    script.chmod(0o700)
    monkeypatch.setattr(supervise, "TICK", 0.02)
    monkeypatch.setattr(supervise, "GRACE", 0.1)
    monkeypatch.setattr(supervise, "stopping", threading.Event())
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(script))
        supervisor = supervise.Supervisor(run)
    wait_until(lambda: "deaf" in supervisor.process.take_lines(), "the process to be deaf")
    return supervisor


def test_a_worker_that_ends_kills_a_process_that_does_not_leave(run: Run, deaf: supervise.Supervisor) -> None:
    supervise.stopping.set()
    assert deaf.accompany() == -signal.SIGKILL
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    assert run.transitions.first().reason == "The worker is shutting down. Its process was killed before it could write a checkpoint"


def test_a_pause_that_costs_the_checkpoint_says_so(run: Run, deaf: supervise.Supervisor) -> None:
    control.pause(run, run.owner)
    assert deaf.accompany() == -signal.SIGKILL
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.PAUSED, 0)
    assert run.transitions.first().reason == "Paused. Its process was killed before it could write a checkpoint"
