"""Workers on one machine share its cores, and never put two threads on one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, wait_until
from worker import cores
from worker.cores import cores_of, share

ALIVE = "import sys; from pathlib import Path; from worker.cores import place; print(place(Path(sys.argv[1])), flush=True); sys.stdin.readline()"


@pytest.fixture
def hyperthreads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight logical processors on four cores: 0 and 4 are one, 1 and 5, ..."""
    monkeypatch.setattr(cores, "_siblings", lambda processor: {processor % 4, processor % 4 + 4})


def test_logical_processors_of_a_core_stay_together(hyperthreads: None) -> None:
    assert cores_of(set(range(8))) == [{0, 4}, {1, 5}, {2, 6}, {3, 7}]
    assert cores_of({0, 1, 4}) == [{0, 4}, {1}]
    assert [share(set(range(8)), place, 2) for place in range(2)] == [{0, 4, 1, 5}, {2, 6, 3, 7}]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 5, 9])
def test_all_cores_are_given_out_and_nobody_goes_without(workers: int, hyperthreads: None) -> None:
    shares = [share(set(range(8)), place, workers) for place in range(workers)]
    assert all(shares)
    assert set().union(*shares) == set(range(8))
    if workers <= 4:
        assert sum(map(len, shares)) == 8  # nothing twice


def test_what_this_machine_tells_of_its_processors() -> None:
    own = os.sched_getaffinity(0)
    assert set().union(*cores_of(own)) == own


def test_workers_know_each_other_and_forget_the_dead(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALIVE, str(tmp_path)]
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    others = []
    try:
        for told in (["(0, 1)\n"], ["(0, 2)\n", "(1, 2)\n"]):  # one after the other
            others.append(subprocess.Popen(command, cwd=ROOT, env=variables, **pipes))  # type: ignore[call-overload]
            assert others[-1].stdout.readline() in told
        place, workers = cores.place(tmp_path)
        assert workers == 3 and 0 <= place < 3
        others[0].kill()
        others[0].wait()
        wait_until(lambda: cores.place(tmp_path)[1] == 2, "the dead worker to be forgotten")
        assert len(list(tmp_path.iterdir())) == 2
        for path in tmp_path.iterdir():
            path.unlink()
        assert cores.place(tmp_path) == (0, 1), "an emptied cache"
    finally:
        for other in others:
            other.kill()
            other.wait()
        cores._own.pop(tmp_path, None)
