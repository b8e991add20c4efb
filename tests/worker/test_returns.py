"""Where a run goes when its process has ended early."""

import pytest

from portal.runs.models import Run, Status
from tests.training import launched, person, ready
from worker import returns
from worker.claim import claim_next


@pytest.fixture
def run(broker: object) -> Run:
    """A run that attempt 1 holds."""
    owner = person()
    launched(owner, ready(owner), steps=1)
    return claim_next("one")


def now(run: Run) -> str:
    run.refresh_from_db()
    return run.status


def test_back_to_the_queue_by_default(run: Run) -> None:
    assert returns.give_back(run, 1, "The worker is shutting down")
    assert now(run) == Status.QUEUED
    assert run.transitions.first().reason == "The worker is shutting down"
    assert run.lease_expires is None


def test_to_where_its_owner_wished_it(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(control="pause", control_by=run.owner)
    returns.give_back(run, 1, "The worker is shutting down")
    assert now(run) == Status.PAUSED
    assert (run.control, run.transitions.first().actor) == ("", run.owner)
    assert run.transitions.first().reason == "Paused. The worker is shutting down"


def test_a_wish_alone_is_all_that_the_history_tells(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(control="stop")
    returns.give_back(run, 1, "")
    assert (now(run), run.transitions.first().reason) == (Status.STOPPED, "Stopped")


def test_a_crash_counts_and_tries_again(run: Run) -> None:
    returns.crashed(run, 1, "Boom")
    assert (now(run), run.failures, run.error) == (Status.QUEUED, 1, "")


def test_a_crash_of_a_run_that_shall_stop_stops_it(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(control="stop")
    returns.crashed(run, 1, "Boom")
    assert (now(run), run.transitions.first().reason) == (Status.STOPPED, "Stopped. Boom")


def test_one_crash_too_many_ends_it_with_the_reason(run: Run, settings: object) -> None:
    settings.GANVAS_MAX_FAILURES = 3
    Run.objects.filter(pk=run.pk).update(failures=2)
    returns.crashed(run, 1, "Boom")
    assert now(run) == Status.FAILED
    assert run.error == "Training broke off 3 times without getting further. Boom"
    assert run.finished is not None


def test_a_long_reason_is_cut_for_the_history_and_kept_for_the_owner(run: Run) -> None:
    returns.fail(run, 1, "x" * 900)
    assert now(run) == Status.FAILED
    assert (len(run.error), len(run.transitions.first().reason)) == (900, 500)


@pytest.mark.parametrize("deed", [returns.give_back, returns.crashed, returns.fail])
def test_an_attempt_that_no_longer_holds_the_run_moves_nothing(run: Run, deed) -> None:
    returns.give_back(run, 1, "Away")
    claim_next("two")
    assert deed(run, 1, "Late") is False
    assert (now(run), run.attempt, run.worker) == (Status.STARTING, 2, "two")
