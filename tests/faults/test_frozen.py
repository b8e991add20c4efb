"""A worker that was frozen past its lease wakes up: everything it writes is refused."""

import os
import signal

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Status
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.processes import Portal, wait_until
from tests.training import launched


def test_a_frozen_worker_and_its_process_write_nothing_after_they_wake(installation: Portal, owner: User, dataset: Dataset) -> None:
    frozen = installation.worker("train", "frozen")
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    old = process_of(run)
    frozen.send(signal.SIGSTOP)
    os.kill(old, signal.SIGSTOP)
    installation.worker("ingest")
    installation.beat()
    installation.worker("train", "second")

    def taken_over() -> bool:
        run.refresh_from_db()
        return (run.attempt, run.status) == (2, Status.RUNNING)

    wait_until(taken_over, "the second worker to take over")
    os.kill(old, signal.SIGCONT)  # first the process alone, so that nobody but the fence can stop it
    wait_until(lambda: "no longer holds run" in frozen_log(old), "the process to be refused")
    frozen.send(signal.SIGCONT)
    finish(run, installation)
    wait_until(lambda: frozen.says("ended with code 76"), "the old supervisor to notice")
    assert (run.attempt, run.worker) == (2, "second@test")
    assert set(run.losses.values_list("attempt", flat=True)) == {1, 2}
    assert_as_if_undisturbed(run)


def frozen_log(pid: int) -> str:
    return "no longer holds run" if zombie(pid) else ""


def zombie(pid: int) -> bool:
    """It has ended; its frozen parent has not yet asked how."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"
