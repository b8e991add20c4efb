"""The process of a run as its supervisor handles it: a small program stands in for training."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, wait_until
from worker import process
from worker.process import RunProcess


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Start a Python program in place of worker.train_run."""
    package = tmp_path / "worker"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.setattr(process, "ROOT", tmp_path)
    started = []

    def start(text: str, processors: set[int] | None = None, threads: int | None = None) -> RunProcess:
        (package / "train_run.py").write_text(text)
        started.append(RunProcess("run", 3, processors, threads))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait(10)


def read(run: RunProcess) -> list[str]:
    assert run.wait(20) is not None
    return run.take_lines()


def test_it_is_told_run_attempt_and_supervisor(program) -> None:
    assert read(program("import sys; print(sys.argv[1:])")) == [str(["run", "3", str(os.getpid())])]


def test_it_keeps_to_its_processors_and_threads(program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ours = max(os.sched_getaffinity(0))
    waits = "import os, time\nwhile len(os.sched_getaffinity(0)) > 1: time.sleep(0.01)\n"  # it may have begun before it was told
    text = f"{waits}print(os.environ['OMP_NUM_THREADS'], os.sched_getaffinity(0))"
    assert read(program(text, {ours}, 3)) == [f"3 {{{ours}}}"]


def test_processors_that_are_gone_keep_no_run_from_starting(program) -> None:
    assert read(program("print('here')", {4095})) == ["here"]


def test_its_log_has_both_streams_in_order(program) -> None:
    assert read(program("import sys; print('one', flush=True); print('two', file=sys.stderr); print('three')")) == ["one", "two", "three"]


def test_of_a_progress_bar_the_last_state_is_kept(program) -> None:
    assert read(program(r"print('10 %\r20 %\r30 %')")) == ["30 %"]


def test_control_characters_are_dropped_from_the_log(program) -> None:
    assert read(program(r"print('\x1b[31mred\x1b[0m\x00 nul')")) == ["red nul"]


def test_a_flood_of_lines_keeps_the_newest(program) -> None:
    lines = read(program("for n in range(5000): print(n)"))
    assert (len(lines), lines[-1]) == (process.LINES, "4999")


def test_wait_returns_none_while_it_runs_and_the_signal_after_it_was_killed(program) -> None:
    run = program("import time; time.sleep(60)")
    assert run.wait(0.01) is None
    run.kill()
    assert run.wait(10) == -signal.SIGKILL


def test_it_is_killed_when_its_parent_is_killed() -> None:
    child = "import sys, time; from worker.process import die_with; die_with(int(sys.argv[1])); print('armed', flush=True); time.sleep(60)"
    parent = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}, str(os.getpid())], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
    started = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid = int(started.stdout.readline())
    started.kill()
    started.wait()
    wait_until(lambda: not alive(pid), "the child to die", 5)


def test_it_ends_itself_if_its_parent_died_before_it_could_ask() -> None:
    command = [sys.executable, "-c", "from worker.process import die_with; die_with(1); print('alive')"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == -signal.SIGKILL


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
