"""What a run uses: read of real processes, written with what is written anyway, by the attempt that holds the run only."""

import subprocess
import sys
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.runs.models import Run
from tests.processes import wait_until
from tests.worker.recording import progress
from worker import returns, telemetry
from worker.claim import claim_next
from worker.fence import Superseded
from worker.record import Recorder
from worker.telemetry import Meter, family

BUSY = "x = bytearray(50_000_000)\nprint('ready', flush=True)\nwhile True: pass"


@pytest.fixture
def often(monkeypatch: Any) -> None:
    monkeypatch.setattr(telemetry, "SECONDS", 0.0)


def test_a_child_that_computes_is_counted(often: None) -> None:
    meter = Meter()
    before = meter.due()["telemetry"]
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
            begun = child_seconds(child.pid)
            wait_until(lambda: child_seconds(child.pid) > begun + 0.3, "the child to compute")
            now = meter.due()["telemetry"]
        finally:
            child.kill()
    assert now["memory_bytes"] > before["memory_bytes"] + 40_000_000
    assert now["cpu_percent"] > 20
    assert (now["gpu_percent"], now["gpu_memory_bytes"]) == (None, None), "This process has no GPU."
    wait_until(lambda: [one.pid for one in family()].count(child.pid) == 0, "the child to be gone")


def child_seconds(pid: int) -> float:
    return next(one.cpu_seconds for one in family() if one.pid == pid)


def test_a_reading_costs_no_update_of_its_own(run: Run, recorder: Recorder, often: None) -> None:
    recorder.record(progress(3))
    recorder.drain()
    with CaptureQueriesContext(connection) as captured:
        recorder._flush()
    updates = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
    assert len(updates) == 1
    assert '"telemetry"' in updates[0]
    run.refresh_from_db()
    assert run.telemetry["memory_bytes"] > 10_000_000


def test_between_two_readings_nothing_is_written(run: Run, recorder: Recorder) -> None:
    recorder.record(progress(3))
    recorder.close()
    run.refresh_from_db()
    assert (run.step, run.telemetry) == (3, None)


def test_another_attempt_starts_without_a_reading_and_refuses_the_old_ones(run: Run, recorder: Recorder, often: None) -> None:
    Run.objects.filter(pk=run.pk).update(telemetry={"measured": "2026-11-23T05:00:00Z"})
    returns.give_back(run, 1, "The worker is shutting down")
    assert claim_next("two") is not None
    recorder.record(progress(3))
    with pytest.raises(Superseded):
        recorder.close()
    run.refresh_from_db()
    assert run.telemetry is None
