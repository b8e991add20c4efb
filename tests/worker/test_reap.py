"""The reaper finds what dead workers and lost messages have left lying."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import queue
from portal.datasets.models import Dataset
from portal.runs.models import Run, Status
from portal.workers.models import Worker
from tests.processes import Broker
from tests.training import launched, person, ready
from worker.claim import claim_next
from worker.reap import reap

PAST = timedelta(seconds=-60)


@pytest.fixture
def run(broker: Broker) -> Run:
    """A run that attempt 1 holds."""
    owner = person()
    launched(owner, ready(owner), steps=1)
    return claim_next("one")


def lease(run: Run, distance: timedelta) -> None:
    Run.objects.filter(pk=run.pk).update(lease_expires=timezone.now() + distance)


def messages(broker: Broker, name: str) -> int:
    return broker.client().llen(name)


def test_a_run_whose_lease_has_expired_goes_back_to_the_queue(run: Run) -> None:
    lease(run, PAST)
    reap()
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 1)
    assert run.transitions.first().reason == "Worker one no longer answers."


def test_a_run_whose_lease_is_renewed_is_left_alone(run: Run) -> None:
    reap()
    run.refresh_from_db()
    assert run.status == Status.STARTING


def test_a_run_that_brings_down_every_worker_fails(run: Run, settings: object) -> None:
    settings.GANVAS_MAX_FAILURES = 2
    for _ in range(2):
        lease(run, PAST)
        reap()
        claim_next("one")
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.error.endswith("Worker one no longer answers.")


def test_free_workers_are_woken_once_when_there_is_something_for_one_of_them(run: Run, broker: Broker) -> None:
    for name in ("one", "two", "three"):  # the first has a run
        Worker.objects.create(name=name, pool=name)
    Worker.objects.create(name="lost", seen=timezone.now() + PAST)
    wanted = launched(run.owner, run.dataset, steps=1)
    Run.objects.filter(pk=wanted.pk).update(pool="three")
    broker.client().flushall()
    for _ in range(3):
        reap()
    assert messages(broker, "train") == 2


@pytest.mark.parametrize("change", [{"pool": "nowhere"}, {"held": True}, {"needs_gpu": True}])
def test_what_cannot_start_wakes_nobody(run: Run, broker: Broker, change: dict[str, object]) -> None:
    Worker.objects.create(name="two")
    wanted = launched(run.owner, run.dataset, steps=1)
    Run.objects.filter(pk=wanted.pk).update(**change)
    broker.client().flushall()
    reap()
    assert messages(broker, "train") == 0


def test_runs_beyond_their_owners_quota_wake_nobody(run: Run, broker: Broker) -> None:
    Worker.objects.create(name="two")
    run.owner.running_quota = 1
    run.owner.save()
    launched(run.owner, run.dataset, steps=1)
    broker.client().flushall()
    reap()
    assert messages(broker, "train") == 0


def test_workers_that_are_long_gone_are_forgotten(broker: Broker) -> None:
    Worker.objects.create(name="yesterday's", seen=timezone.now() - timedelta(days=2))
    Worker.objects.create(name="today's", seen=timezone.now() - timedelta(hours=2))
    reap()
    assert Worker.objects.get().name == "today's"


def waiting(broker: Broker, **values: object) -> Dataset:
    dataset = Dataset.objects.create(owner=person(), name="New", **values)
    Dataset.objects.filter(pk=dataset.pk).update(created=timezone.now() + PAST)
    return dataset


def test_a_dataset_that_no_worker_heard_of_is_sent_again(broker: Broker) -> None:
    waiting(broker)
    reap()
    assert messages(broker, "ingest") == 1


def test_a_dataset_under_way_is_left_alone(broker: Broker) -> None:
    waiting(broker, lease_expires=timezone.now() - PAST, attempt=1)
    reap()
    assert messages(broker, "ingest") == 0


def test_a_dataset_whose_worker_died_is_sent_again(broker: Broker) -> None:
    waiting(broker, lease_expires=timezone.now() + PAST, attempt=1)
    reap()
    assert messages(broker, "ingest") == 1


def test_a_dataset_that_brings_down_every_worker_fails_with_a_sentence(broker: Broker, settings: object) -> None:
    dataset = waiting(broker, lease_expires=timezone.now() + PAST, attempt=settings.GANVAS_MAX_FAILURES)
    reap()
    dataset.refresh_from_db()
    assert dataset.status == Dataset.Status.FAILED
    assert dataset.error.startswith("Checking these pictures brought the worker down")
    assert messages(broker, "ingest") == 0


def test_without_a_broker_the_reaper_still_returns_runs(run: Run, broker: Broker) -> None:
    broker.kill()
    lease(run, PAST)
    reap()
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    assert queue.wakeups_waiting() == 0
