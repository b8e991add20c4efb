"""The broker dies, forgets everything, or is not there: training and launching go on."""

import time

import pytest

from portal import queue
from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Run, Status
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, trained_past_a_checkpoint
from tests.processes import Broker, Portal, wait_until
from tests.training import launched


@pytest.mark.parametrize("wipe", [False, True], ids=["restarted", "wiped"])
def test_kill_9_of_the_broker_disturbs_no_run_and_the_next_one_starts(
    installation: Portal, broker: Broker, owner: User, dataset: Dataset, wipe: bool
) -> None:
    installation.worker("train")
    installation.worker("ingest")
    installation.beat()
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training")
    broker.kill(wipe=wipe)
    waiting = launched(owner, dataset, steps=5)
    broker.start()
    finish(run, installation)
    assert run.attempt == 1
    assert_as_if_undisturbed(run)
    finish(waiting, installation)


def test_messages_that_a_wipe_has_deleted_are_made_up_for(installation: Portal, broker: Broker, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=5)
    assert broker.client().llen("train") == 1
    broker.client().flushall()
    installation.worker("train")
    installation.worker("ingest")
    installation.beat()
    finish(run, installation)


def test_launching_without_a_broker_succeeds_at_once_and_the_run_starts_when_it_is_back(
    installation: Portal, broker: Broker, owner: User, dataset: Dataset
) -> None:
    broker.kill()
    begun = time.monotonic()
    run = launched(owner, dataset, steps=5)
    assert time.monotonic() - begun < 2
    assert Run.objects.get(pk=run.pk).status == Status.QUEUED
    broker.start()
    installation.worker("train")
    installation.worker("ingest")
    installation.beat()
    finish(run, installation)


def test_the_first_message_after_a_restart_of_the_broker_is_not_lost(broker: Broker) -> None:
    queue.train()
    broker.kill(wipe=True)
    broker.start()
    queue.train()
    assert queue.wakeups_waiting() == 1
