"""A process that was killed for want of memory: the next attempt works in smaller parts, and the owner is told."""

import os
import signal
from pathlib import Path

import pytest

from portal.runs.models import Run, Status
from worker import memory, process, supervise
from worker.claim import claim_next
from worker.supervise import Supervisor

KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's counters, as a file; the process of each run kills itself."""
    package = tmp_path / "worker"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "train_run.py").write_text(KILLED)
    monkeypatch.setattr(process, "ROOT", tmp_path)
    monkeypatch.setattr(memory, "COUNTERS", tmp_path / "vmstat")
    count(memory.COUNTERS, 4)
    return memory.COUNTERS


def count(counters: Path, kills: int) -> None:
    counters.write_text(f"pgfault 12\noom_kill {kills}\nnuma_hit 3\n")


def attempt(run: Run, counters: Path, kills: int) -> Run:
    """One attempt of the run, during which the kernel has come to that number of kills."""
    supervisor = Supervisor(run)
    count(counters, kills)
    supervisor.accompany()
    run.refresh_from_db()
    return run


def test_the_kernel_says_how_many_it_has_killed() -> None:
    assert memory.kernel_kills() >= 0


def test_where_it_does_not_say_none_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COUNTERS", Path("/nowhere/vmstat"))
    assert memory.kernel_kills() == 0


def test_after_the_kernels_kill_a_batch_is_divided(run: Run, counters: Path) -> None:
    run = attempt(run, counters, 5)
    assert (run.status, run.parts, run.failures) == (Status.QUEUED, 2, 1)
    assert run.transitions.first().reason.endswith(
        "ran out of memory: smaller pictures or a smaller batch need less. The next attempt works through each batch in 2 parts."
    )


def test_anybody_elses_kill_divides_nothing(run: Run, counters: Path) -> None:
    run = attempt(run, counters, 4)
    assert (run.status, run.parts, run.failures) == (Status.QUEUED, 1, 1)
    assert "killed" in run.transitions.first().reason


def test_killed_twice_in_a_row_it_is_taken_for_want_of_memory(run: Run, counters: Path) -> None:
    attempt(run, counters, 4)
    run = attempt(claim_next("one"), counters, 4)
    assert (run.parts, run.failures) == (2, 2)


def test_the_tries_are_counted(run: Run, counters: Path, settings: pytest.FixtureRequest) -> None:
    settings.GANVAS_MAX_FAILURES = 2
    attempt(run, counters, 5)
    run = attempt(claim_next("one"), counters, 6)
    assert (run.status, run.parts) == (Status.FAILED, 2)
    assert run.error == f"Training broke off 2 times without getting further. {supervise.OUT_OF_MEMORY}"


def test_a_batch_has_no_more_parts_than_pictures(run: Run, counters: Path) -> None:
    run.parts = run.config["batch_size"]
    run.save()
    run = attempt(run, counters, 5)
    assert run.parts == run.config["batch_size"]
    assert "next attempt" not in run.transitions.first().reason


def test_what_the_supervisor_killed_itself_is_not_taken_for_it(run: Run, counters: Path) -> None:
    supervisor = Supervisor(run)
    os.kill(supervisor.process._popen.pid, signal.SIGSTOP)
    count(counters, 5)
    supervisor._kill()
    supervisor.accompany()
    run.refresh_from_db()
    assert run.parts == 1
