"""Events become rows, files and messages; an attempt that no longer holds the run writes nothing at all."""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gan_core.events import Event, Note, Rewound
from portal.runs.models import Artifact, LossPoint, Run, Sample, Score, Status
from tests.processes import Broker, wait_until
from tests.worker.recording import checkpoint, files, loss, progress, scores, sheet
from worker import artifacts, returns
from worker.claim import claim_next
from worker.fence import Superseded
from worker.record import Recorder


def test_progress_and_losses_are_in_the_tables_after_close(run: Run, recorder: Recorder) -> None:
    for step in (1, 2, 3):
        recorder.record(loss(step))
    recorder.record(progress(3))
    recorder.close()
    run.refresh_from_db()
    assert (run.step, run.total_steps, run.epoch, run.seconds, run.images_per_second) == (3, 100, 1.0, 0.3, 80.0)
    assert list(run.losses.values_list("step", "attempt", "discriminator")) == [(1, 1, 1.5), (2, 1, 2.5), (3, 1, 3.5)]


def test_points_reach_the_tables_within_a_second_while_training_goes_on(run: Run, recorder: Recorder) -> None:
    recorder.record(loss(1))

    def written() -> bool:
        recorder.record(progress(1))
        return LossPoint.objects.exists()

    wait_until(written, "the point", 3)


def test_a_sheet_is_a_file_and_a_row_with_its_geometry(run: Run, recorder: Recorder) -> None:
    recorder.record(sheet(5))
    recorder.drain()
    sample = run.samples.get()
    assert (sample.step, sample.columns, sample.rows, sample.tile_width, sample.tile_height) == (5, 2, 2, 16, 16)
    assert default_storage.size(sample.image.name) == sample.bytes > 0
    assert files(run) == [f"{run.directory}/samples/5-1.webp"]


def test_a_checkpoint_is_stored_with_weights_card_and_checksums(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    Run.objects.update(failures=2)
    recorder.record(loss(9))
    recorder.record(checkpoint(9, tmp_path))
    recorder.drain()
    stored = {artifact.kind: artifact for artifact in run.artifacts.all()}
    contents = {"checkpoint": b"everything 9", "weights": b"weights 9", "card": b"# Step 9\n"}
    for kind, content in contents.items():
        assert default_storage.open(stored[kind].file.name).read() == content
        assert (stored[kind].sha256, stored[kind].bytes, stored[kind].step) == (hashlib.sha256(content).hexdigest(), len(content), 9)
    assert run.losses.get().step == 9, "Points up to the checkpoint are entered with it"
    run.refresh_from_db()
    assert (run.step, run.failures) == (9, 0)


def test_of_many_checkpoints_two_stay_and_of_weights_and_cards_one(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        recorder.record(checkpoint(step, tmp_path))
        recorder.drain()
    kept = sorted(run.artifacts.values_list("kind", "step"))
    assert kept == [("card", 4), ("checkpoint", 3), ("checkpoint", 4), ("weights", 4)]
    assert files(run) == sorted(artifact.file.name for artifact in run.artifacts.all())


def test_a_note_is_a_line_of_the_log(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    recorder.record(Note(0, "Training on CPU."))
    recorder.drain()
    assert capsys.readouterr().out == "Training on CPU.\n"


def test_open_pages_hear_of_it_with_the_payloads_of_the_api(run: Run, recorder: Recorder, broker: Broker, client) -> None:
    subscription = broker.client().pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(f"ganvas:run:{run.pk}")
    subscription.get_message(timeout=5)
    recorder.record(loss(1))
    recorder.record(progress(1))
    recorder.record(sheet(1))
    recorder.close()
    heard = {}
    while (message := subscription.get_message(timeout=0.5)) is not None:
        told = json.loads(message["data"])
        heard[told["event"]] = told["data"]
    client.force_login(run.owner)
    api = f"/api/v1/runs/{run.pk}/"
    assert heard["losses"] == client.get(f"{api}losses/").json()
    assert heard["sample"] == client.get(f"{api}samples/").json()["results"][0]
    assert heard["status"] == client.get(api).json()


DEEDS: dict[str, Callable[[Path], Event]] = {
    "loss": lambda path: loss(1),
    "progress": lambda path: progress(1),
    "sheet": lambda path: sheet(1),
    "checkpoint": lambda path: checkpoint(1, path),
    "rewound": lambda path: Rewound(0, "It fell apart."),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("fate", ["queued", "taken", "stopped", "deleted"])
def test_an_attempt_that_no_longer_holds_the_run_leaves_no_trace(run: Run, recorder: Recorder, tmp_path: Path, deed: str, fate: str) -> None:
    if fate == "deleted":
        Run.objects.filter(pk=run.pk).delete()
    elif fate == "stopped":
        Run.objects.filter(pk=run.pk).update(status=Status.STOPPED)
    else:
        returns.give_back(run, 1, "The worker was thought dead")
        if fate == "taken":
            claim_next("two")
    with pytest.raises(Superseded):
        recorder.record(DEEDS[deed](tmp_path))
        recorder.close()
    assert not LossPoint.objects.exists()
    assert not Sample.objects.exists()
    assert not Artifact.objects.exists()
    assert files(run) == []
    if fate != "deleted":
        run.refresh_from_db()
        assert run.step == 0


def test_training_goes_on_while_a_checkpoint_is_stored(run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the next one: of its files the trainer keeps those of two."""
    opened, upload = threading.Event(), artifacts.upload

    def patient(*arguments: Any) -> list[Artifact]:
        assert opened.wait(60)
        return upload(*arguments)

    monkeypatch.setattr(artifacts, "upload", patient)
    recorder.record(checkpoint(1, tmp_path))
    recorder.record(loss(2))
    assert not run.artifacts.exists()
    threading.Timer(0.2, opened.set).start()
    recorder.record(checkpoint(3, tmp_path))
    assert run.artifacts.filter(kind="checkpoint", step=1).exists()
    recorder.close()
    assert list(run.artifacts.filter(kind="checkpoint").order_by("step").values_list("step", flat=True)) == [1, 3]


def test_all_that_is_asked_of_large_tables_is_asked_of_one_run(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    """A question without the run would read millions of rows of others, with every sheet."""
    with CaptureQueriesContext(connection) as asked:
        for event in (loss(5), progress(5), sheet(5), scores(5, 0.5), checkpoint(5, tmp_path), loss(6)):
            recorder._translate(event)
        recorder._flush()
    large = [model._meta.db_table for model in (LossPoint, Sample, Score, Artifact)]
    read = [one["sql"] for one in asked if re.match("SELECT|UPDATE|DELETE", one["sql"]) and any(f'"{table}"' in one["sql"] for table in large)]
    assert len(read) > 8
    assert [sql for sql in read if not re.search(r'"run_id" = |"id" (=|IN) ', sql)] == []
