"""What owners and administrators ask for while a run trains."""

import pytest
from django.core.files.storage import default_storage

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs import control
from portal.runs.models import Artifact, Run, Status
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.processes import Portal, Process, wait_until
from tests.training import launched

LONG = 1_000_000


@pytest.fixture
def worker(installation: Portal, dataset: Dataset) -> Process:
    return installation.worker()


def reaches(run: Run, *states: str, seconds: float = 30) -> None:
    def there() -> bool:
        run.refresh_from_db()
        return run.status in states

    wait_until(there, f"the run to be {' or '.join(states)}", seconds)


def test_pause_frees_the_device_and_resume_goes_on_exactly(installation: Portal, worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: Run.objects.get(pk=run.pk).step > 0, "some training")
    control.pause(run, owner)
    reaches(run, Status.PAUSED)
    assert process_of(run) is None
    assert run.transitions.first().actor == owner
    assert run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).first().step == run.step
    control.resume(run, owner)
    finish(run, installation)
    assert (run.attempt, run.failures) == (2, 0)
    assert_as_if_undisturbed(run)


def test_stop_keeps_what_was_learned(worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=5000)
    wait_until(lambda: Run.objects.get(pk=run.pk).step > 0, "some training")
    control.stop(run, owner)
    reaches(run, Status.STOPPED)
    assert run.transitions.first().actor == owner
    assert run.artifacts.get(kind=Artifact.Kind.WEIGHTS).step == run.step
    assert run.losses.last().step == run.step


def test_stop_while_it_is_still_starting(worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=LONG)
    reaches(run, Status.STARTING)
    control.stop(run, owner)
    reaches(run, Status.STOPPED, seconds=15)
    assert run.failures == 0


def test_a_sheet_now(worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=LONG)
    wait_until(lambda: run.samples.count() == 4, "the sheets after 0, 1, 2 and 4 seconds")
    control.sample(run, owner)
    wait_until(lambda: run.samples.count() == 5, "the sheet asked for", 3)
    assert Run.objects.get(pk=run.pk).sample_wanted is False


def test_sheets_of_two_classes_now(worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=LONG, conditional=True)
    wait_until(lambda: run.samples.series().count() >= 1, "the first sheet")
    for label in (1, 0):
        control.sample_class(run, owner, label)
    wait_until(lambda: run.samples.exclude(label=None).count() == 2, "the sheets asked for", 5)
    assert {(one.label, *one.row_labels) for one in run.samples.exclude(label=None)} == {(0, *"a" * 8), (1, *"b" * 8)}
    assert run.samples.series().first().row_labels == ["a", "b"]
    assert Run.objects.get(pk=run.pk).class_sheets_wanted == []
    assert all(one.bytes == default_storage.size(one.image.name) for one in run.samples.all())


def test_a_worker_told_to_end_returns_its_run_within_seconds_and_the_next_goes_on(
    installation: Portal, worker: Process, owner: User, dataset: Dataset
) -> None:
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training")
    assert worker.stop() < 10
    run.refresh_from_db()
    assert (run.status, run.failures, run.transitions.first().reason) == (Status.QUEUED, 0, "The worker is shutting down")
    assert run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).first().step == run.step
    installation.worker("train", "second")
    finish(run, installation)
    assert_as_if_undisturbed(run)


def test_a_worker_told_to_end_while_its_run_is_starting_returns_it(worker: Process, owner: User, dataset: Dataset) -> None:
    run = launched(owner, dataset, steps=a_while())
    reaches(run, Status.STARTING)
    assert worker.stop() < 10
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
