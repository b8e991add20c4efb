"""Device time is counted as it was used: attempts that broke off, several devices, silent workers, deleted runs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts import quota
from portal.runs import control
from portal.runs.models import Run, Status
from tests import factories
from tests.clock import follow

LEASE = 10**6


@pytest.fixture
def clock(monkeypatch: Any, settings: Any) -> Any:
    """Moves time on; leases last."""
    settings.GANVAS_LEASE_SECONDS = LEASE
    now = [datetime(2026, 3, 1, 12, tzinfo=timezone.get_default_timezone())]
    follow(lambda: now[0], monkeypatch)

    def forward(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return forward


def seconds(run: Run) -> tuple[float, float]:
    """(of the run, of its owner)"""
    run.refresh_from_db()
    return run.device_seconds, 3600 * quota.device_hours(run.owner)


def test_every_attempt_counts_from_claim_to_end(owner: Any, clock: Any) -> None:
    run = factories.make_run(owner)
    clock(50)
    run.claim("one")
    clock(100)
    run.move(Status.RUNNING, frm=(Status.STARTING,), reason="Training")
    clock(7)
    run.move(Status.QUEUED, frm=(Status.RUNNING,), reason="Crashed")
    clock(1000)
    run.claim("two")
    clock(20)
    run.move(Status.FAILED, frm=(Status.STARTING,), reason="Crashed")
    clock(1000)
    assert seconds(run) == (127, 127)


def test_it_is_counted_while_the_run_goes_on_and_never_twice(owner: Any, clock: Any) -> None:
    run = factories.make_run(owner)
    run.claim("one")
    clock(60)
    run.count_device_time()
    run.count_device_time()
    assert seconds(run) == (60, 60)
    clock(40)
    run.move(Status.COMPLETED, frm=(Status.STARTING,), reason="All steps done")
    run.count_device_time()
    assert seconds(run) == (100, 100)


def test_each_device_counts(owner: Any, clock: Any) -> None:
    run = factories.make_run(owner)
    run.claim("four", devices=4)
    clock(10)
    run.count_device_time()
    assert seconds(run) == (40, 40)


def test_a_silent_worker_counts_until_it_fell_silent(owner: Any, clock: Any, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = 30
    run = factories.make_run(owner)
    run.claim("one")
    clock(20)
    Run.objects.filter(pk=run.pk).update(lease_expires=timezone.now() + timedelta(seconds=30))
    clock(500)
    run.move(Status.QUEUED, frm=(Status.STARTING,), reason="Worker one no longer answers.")
    assert seconds(run) == (20, 20)


def test_deleting_a_run_gives_no_time_back(owner: Any, clock: Any) -> None:
    run = factories.make_run(owner)
    run.claim("one")
    clock(3600)
    run.move(Status.STOPPED, frm=(Status.STARTING,), reason="Stopped")
    control.delete(run, owner)
    assert quota.usage(owner)["device_hours"] == 1


def test_time_counts_for_thirty_days(owner: Any, clock: Any) -> None:
    run = factories.make_run(owner)
    run.claim("one")
    clock(3600)
    run.move(Status.STOPPED, frm=(Status.STARTING,), reason="Stopped")
    clock(29 * 86400)
    assert quota.device_hours(owner) == 1
    clock(86400)
    assert quota.device_hours(owner) == 0
