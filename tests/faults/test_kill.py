"""kill -9 of what trains a run: it ends as if nothing had happened."""

import os
import re
import signal

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Status
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.processes import Portal, wait_until
from tests.training import launched


def test_an_undisturbed_run_leaves_what_gan_core_alone_would(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    run = launched(owner, dataset, steps=300)
    finish(run, installation)
    assert_as_if_undisturbed(run)
    assert (run.step, run.attempt, run.failures) == (300, 1, 0)
    assert re.match(r"CPU, 1 thread", run.device)


def test_kill_9_of_the_runs_process(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    os.kill(process_of(run), signal.SIGKILL)
    finish(run, installation)
    assert run.attempt == 2
    assert "killed" in run.transitions.get(to=Status.QUEUED, frm=Status.RUNNING).reason
    assert_as_if_undisturbed(run)


def test_kill_9_of_the_worker_takes_the_runs_process_with_it_and_another_goes_on(installation: Portal, owner: User, dataset: Dataset) -> None:
    first = installation.worker("train", "first")
    installation.worker("ingest")
    installation.beat()
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    first.kill()
    wait_until(lambda: process_of(run) is None, "the run's process to die with its worker", 5)
    installation.worker("train", "second")
    finish(run, installation)
    assert (run.attempt, run.worker) == (2, "second@test")
    assert run.transitions.get(to=Status.QUEUED, frm=Status.RUNNING).reason == "Worker first@test no longer answers."
    assert_as_if_undisturbed(run)
