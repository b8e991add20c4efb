"""A run that several processes train together, and the death of one of them."""

import os
import signal

import numpy as np
from safetensors.numpy import load

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Artifact, Run, Status
from tests.faults.conftest import assert_files_are_those_of_rows, finish, process_of
from tests.processes import Portal, wait_until
from tests.training import launched

STEPS = 150
"""Some seconds, since two processes wait for each other several times a step."""


def followers_of(process: int) -> list[int]:
    """Ids of the processes that follow it."""
    with open(f"/proc/{process}/task/{process}/children") as children:
        return [int(child) for child in children.read().split() if b"worker.follow_run" in commands(int(child))]


def pair_of(run: Run) -> tuple[int, int]:
    """Its first process and the one that follows it, once they are there."""
    wait_until(lambda: (first := process_of(run)) and followers_of(first), "the second process")
    first = process_of(run)
    (other,) = followers_of(first)
    return first, other


def commands(process: int) -> bytes:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def weights(run: Run) -> dict[str, np.ndarray]:
    return load(run.artifacts.filter(kind=Artifact.Kind.WEIGHTS).order_by("-step")[0].file.read())


def test_kill_9_of_the_second_of_two_processes_ends_both_and_the_run_goes_on_as_if_undisturbed(
    installation: Portal, owner: User, dataset: Dataset
) -> None:
    installation.environment["GANVAS_PROCESSES"] = "2"
    installation.worker()
    undisturbed = launched(owner, dataset, steps=STEPS)
    finish(undisturbed, installation)
    run = launched(owner, dataset, steps=STEPS)
    first, other = pair_of(run)
    wait_until(lambda: Run.objects.get(pk=run.pk).log_tail.count("steps.") or run.losses.exists(), "the training to begin")
    os.kill(other, signal.SIGKILL)
    finish(run, installation)
    assert run.attempt == 2
    setback = run.transitions.get(to=Status.QUEUED, frm=Status.RUNNING)
    assert "One of the processes of this run has ended with code -9" in setback.reason + run.log_tail
    wait_until(lambda: not commands(first) and not followers_of_any(), "both to be gone")
    assert list(run.losses.values_list("step", "discriminator", "generator")) == list(
        undisturbed.losses.values_list("step", "discriminator", "generator")
    )
    expected, found = weights(undisturbed), weights(run)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert_files_are_those_of_rows(run)


def test_kill_9_of_the_first_of_two_processes_ends_both_and_the_run_goes_on(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.environment["GANVAS_PROCESSES"] = "2"
    installation.worker()
    run = launched(owner, dataset, steps=5)
    first, other = pair_of(run)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not commands(other), "the second to end with the first")
    finish(run, installation)
    assert (run.attempt, run.losses.count()) == (2, 5)
    wait_until(lambda: not followers_of_any(), "both to be gone")


def followers_of_any() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdecimal() and b"worker.follow_run" in commands(int(name))]
