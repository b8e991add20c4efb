"""Before a run goes on, it is as if nothing had happened after its last intact checkpoint."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from portal.runs.models import Run
from tests.worker.recording import checkpoint, files, loss, sheet
from worker import returns
from worker.claim import claim_next
from worker.fence import Superseded
from worker.record import Recorder
from worker.rewind import rewind


def held_again(run: Run) -> Run:
    returns.give_back(run, 1, "The worker was thought dead")
    return claim_next("two")


def test_rewinding_deletes_what_came_after_the_checkpoint_and_nothing_else(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    for step in range(1, 9):
        recorder.record(loss(step))
        if step == 5:
            recorder.record(sheet(5))
            recorder.record(checkpoint(5, tmp_path))
    recorder.record(sheet(8))
    recorder.close()
    kept = files(run)
    kept.remove(f"{run.directory}/samples/8-1.webp")
    run = held_again(run)
    resume = rewind(run, 2, tmp_path)
    assert resume.read_bytes() == b"everything 5"
    assert list(run.losses.values_list("step", flat=True)) == [1, 2, 3, 4, 5]
    assert list(run.samples.values_list("step", flat=True)) == [5]
    assert files(run) == kept
    run.refresh_from_db()
    assert run.step == 5


def test_rewinding_without_a_checkpoint_begins_anew(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(sheet(0))
    recorder.record(loss(1))
    recorder.close()
    run = held_again(run)
    assert rewind(run, 2, tmp_path) is None
    assert not run.losses.exists()
    assert not run.samples.exists()
    assert files(run) == []


def test_a_checkpoint_that_was_altered_is_not_resumed_from(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    for step in (3, 6):
        recorder.record(loss(step))
        recorder.record(checkpoint(step, tmp_path))
        recorder.drain()
    newest = run.artifacts.filter(kind="checkpoint").first()
    Path(default_storage.path(newest.file.name)).write_bytes(b"everything 7")
    run = held_again(run)
    assert rewind(run, 2, tmp_path).read_bytes() == b"everything 3"
    assert list(run.losses.values_list("step", flat=True)) == [3]


def test_rewinding_clears_files_that_no_row_knows(run: Run, tmp_path: Path) -> None:
    default_storage.save(f"{run.directory}/samples/4-1.webp", ContentFile(b"half"))
    default_storage.save(f"{run.directory}/checkpoint-4-1.safetensors", ContentFile(b"half"))
    rewind(run, 1, tmp_path)
    assert files(run) == []


def test_rewinding_is_refused_to_an_attempt_that_no_longer_holds_the_run(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(loss(1))
    recorder.close()
    held_again(run)
    with pytest.raises(Superseded):
        rewind(run, 1, tmp_path)
    assert run.losses.count() == 1
