"""Runs that cannot succeed: they end with a reason."""

from django.core.files.storage import default_storage

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Run, Status
from tests.faults.conftest import a_while, assert_as_if_undisturbed, ends, finish, trained_past_a_checkpoint
from tests.processes import Portal, wait_until
from tests.training import launched
from worker import prepared


def failed(run: Run, installation: Portal) -> Run:
    ends(run, Status.FAILED, installation)
    return run


def test_a_run_that_always_crashes_ends_after_a_few_attempts_with_reason_and_log(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    finish(launched(owner, dataset, steps=1), installation)
    for path in prepared.PREPARED.glob(f"{dataset.pk}-*/images.npy"):
        path.write_bytes(b"no array")
        path.with_name(prepared.SEAL).write_text("{}")  # else they would be made again
    run = failed(launched(owner, dataset, steps=1), installation)
    assert (run.attempt, run.failures) == (3, 3)
    assert run.error.startswith("Training broke off 3 times without getting further. The training process ended with an error: ")
    assert "Traceback" in run.log_tail
    assert run.error.endswith(run.log_tail.splitlines()[-1])
    assert run.finished is not None


def test_an_expected_failure_is_a_sentence_and_is_not_tried_again(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    run = failed(launched(owner, dataset, steps=1, precision="fp16"), installation)
    assert run.error == "fp16 needs a GPU, and this run is on a processor. Choose the precision auto."
    assert run.attempt == 1
    assert "Traceback" not in run.log_tail


def test_a_missing_archive_is_said_to_be_missing(installation: Portal, owner: User, dataset: Dataset) -> None:
    default_storage.delete(dataset.archive.name)
    installation.worker()
    assert failed(launched(owner, dataset, steps=1), installation).error == "The archive of these pictures is no longer in storage. Upload it again."


def test_a_damaged_checkpoint_is_left_out_and_the_one_before_it_taken(installation: Portal, owner: User, dataset: Dataset) -> None:
    worker = installation.worker()
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run) and run.artifacts.filter(kind="checkpoint").count() == 2, "two checkpoints")
    worker.stop()
    newest = run.artifacts.filter(kind="checkpoint").first()
    with open(default_storage.path(newest.file.name), "r+b") as file:
        file.truncate(1000)
    installation.worker("train", "second")
    finish(run, installation)
    assert f"The checkpoint of step {newest.step} is damaged and left out." in run.log_tail
    assert_as_if_undisturbed(run)
