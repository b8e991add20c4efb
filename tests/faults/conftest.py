"""What a run has left when it is done, and what an undisturbed one of the same seed leaves."""

import hashlib
import time
from functools import cache
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from benchmarks.chaos import audit
from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import ENDED, Artifact, LossPoint, Run, Status
from tests.processes import Broker, Portal, wait_until
from tests.training import archive, checked, config, person

SECONDS = 4.0
"""Of training on an idle machine: time for a checkpoint, and for something to happen after it."""
FEWEST = 2500
"""Steps, should the measurement have met a busy moment."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests start many processes; on a busy machine that takes its time."""
    for item in items:
        if "tests/faults/" in item.nodeid:
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture
def owner(installation: Portal) -> User:
    return person()


@pytest.fixture
def dataset(owner: User, broker: Broker) -> Dataset:
    return checked(owner)


@cache
def a_while() -> int:
    """Steps that last SECONDS here. Counted by processor time, so that a busy machine does not mislead."""
    undisturbed(100)  # what torch does but once must not be counted
    tried = 300
    begun = time.process_time()
    undisturbed(tried, seed=2)  # which no test asks for: one that is known already would take no time
    return max(FEWEST, round(tried * SECONDS / (time.process_time() - begun)))


def undisturbed(steps: int, seed: int = 1) -> audit.Outcome:
    """What gan_core alone makes of the pictures of `dataset`, which are the same in every test."""
    return audit.undisturbed(config(steps=steps, seed=seed), hashlib.sha256(archive()).hexdigest())


def finish(run: Run, installation: Portal) -> None:
    """Wait until the run is over; it must have been completed."""
    ends(run, Status.COMPLETED, installation)


def ends(run: Run, status: Status, installation: Portal, seconds: float = 200) -> None:
    """Wait until the run is over, which must be in that state; says what happened if it is not."""

    def over() -> bool:
        run.refresh_from_db()
        return run.status in ENDED

    try:
        wait_until(over, "the run to end", seconds)
        assert run.status == status, run.error
    except AssertionError as error:
        history = "\n".join(f"{move} ({move.reason})" for move in run.transitions.all())
        raise AssertionError(f"{error}\n{history}\n{run.log_tail[-3000:]}\n{installation.log()}") from None


def assert_as_if_undisturbed(run: Run) -> None:
    """Every loss point once, with the values, and the weights, of a run that nothing happened to; every file with its row."""
    assert not audit.problems(run)


def assert_files_are_those_of_rows(run: Run) -> None:
    """Nothing lies in storage that no row knows, nothing is missing."""
    directories, files = default_storage.listdir(run.directory)
    assert directories == ["samples"]
    assert sorted(f"{run.directory}/{name}" for name in files) == sorted(run.artifacts.values_list("file", flat=True))
    sheets = default_storage.listdir(f"{run.directory}/samples")[1]
    assert sorted(f"{run.directory}/samples/{name}" for name in sheets) == sorted(run.samples.values_list("image", flat=True))


def trained_past_a_checkpoint(run: Run) -> bool:
    """Its newest loss point is later than its newest checkpoint, so that going back will cost something."""
    checkpoint = run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).order_by("-step").first()
    return checkpoint is not None and LossPoint.objects.filter(run=run, step__gt=checkpoint.step).exists()


def process_of(run: Run) -> int | None:
    """Process id of the run's process."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"worker.train_run" in words and str(run.pk).encode() in words:
            return int(path.parent.name)
    return None
