"""What a run's process tells of how well it learns: scores, the best files, verdicts and nearest pictures, as rows and as messages."""

import json
from pathlib import Path
from typing import Any

import pytest

from gan_core.events import Change
from portal.runs.models import Run
from tests.processes import Broker
from tests.worker.recording import checkpoint, files, near_sheet, progress, scores, verdict
from tests.worker.test_rewind import held_again
from worker.fence import Superseded
from worker.record import Recorder
from worker.rewind import rewind


def test_a_score_is_a_row_and_the_lowest_kid_is_the_best(run: Run, recorder: Recorder) -> None:
    for step, kid in ((10, 0.3), (20, 0.1), (30, 0.2)):
        recorder.record(scores(step, kid))
    recorder.close()
    assert list(run.scores.values_list("step", "kid", "samples", "real")) == [(10, 0.3, 100, 200), (20, 0.1, 100, 200), (30, 0.2, 100, 200)]
    run.refresh_from_db()
    assert run.best_step == 20


def test_a_score_that_is_told_again_is_one_row(run: Run, recorder: Recorder) -> None:
    recorder.record(scores(10, 0.3))
    recorder.record(scores(10, 0.3))
    recorder.close()
    assert run.scores.count() == 1


def test_the_best_files_stay_until_there_are_better_ones(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(checkpoint(1, tmp_path, best=True))
    recorder.drain()
    for step in (2, 3, 4):
        recorder.record(checkpoint(step, tmp_path))
        recorder.drain()
    kept = sorted(run.artifacts.values_list("kind", "step", "best"))
    assert kept == [
        *(("card", 1, True), ("card", 4, False), ("checkpoint", 1, True), ("checkpoint", 3, False), ("checkpoint", 4, False)),
        *(("weights", 1, True), ("weights", 4, False)),
    ]
    recorder.record(checkpoint(5, tmp_path, best=True))
    recorder.drain()
    assert {(one.step, one.best) for one in run.artifacts.all()} == {(4, False), (5, True)}
    assert files(run) == sorted(one.file.name for one in run.artifacts.all())


def test_a_checkpoint_that_turns_out_the_best_takes_the_place_of_the_same_step(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(checkpoint(5, tmp_path))
    recorder.record(scores(5, 0.25))
    recorder.record(checkpoint(5, tmp_path, best=True))
    recorder.drain()
    assert set(run.artifacts.values_list("kind", "step", "best")) == {("card", 5, True), ("checkpoint", 5, True), ("weights", 5, True)}
    assert files(run) == sorted(one.file.name for one in run.artifacts.all())
    assert run.artifacts.get(kind="card").file.read() == b"# Step 5, 0.25\n"


def test_another_process_knows_the_newest_score_for_its_card(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(scores(5, 0.25))
    recorder.record(checkpoint(5, tmp_path))
    recorder.drain()
    recorder.close()
    run = held_again(run)
    again = Recorder(run, 2, lambda step, known: f"{step}: {known.kid}")
    again.record(checkpoint(9, tmp_path))
    again.drain()
    again.close()
    assert run.artifacts.get(kind="card").file.read() == b"9: 0.25"


def test_going_back_takes_scores_and_the_best_mark_back(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(scores(4, 0.3))
    recorder.record(progress(5))
    recorder.record(checkpoint(5, tmp_path, best=True))
    recorder.record(scores(8, 0.1))
    recorder.close()
    run = held_again(run)
    rewind(run, 2, tmp_path)
    run.refresh_from_db()
    assert (run.best_step, list(run.scores.values_list("step", flat=True))) == (4, [4])


def test_the_nearest_pictures_are_kept_as_pictures_of_the_dataset(run: Run, tmp_path: Path) -> None:
    recorder = Recorder(run, 1, lambda step, known: "", files=[0, 0, 0, 1, 1, 7])  # three pieces of the first picture, two of the second
    recorder.record(near_sheet(3))
    recorder.close()
    nearest = run.samples.get(step=3).nearest
    assert (nearest["usual"], nearest["extractor"]) == (0.25, "A network")
    assert [[index for index, _ in tile] for tile in nearest["tiles"]] == [[0], [0, 1], [1, 7], [0]]
    assert nearest["tiles"][0][0][1] == pytest.approx(0.1)


def test_a_verdict_is_the_runs_and_stands_in_its_history(run: Run, recorder: Recorder) -> None:
    recorder.record(verdict(40, change=Change("discriminator_learning_rate", 0.0001)))
    recorder.close()
    run.refresh_from_db()
    assert run.verdict == {
        "step": 40,
        "kind": "discriminator-strong",
        "level": "warn",
        "title": "The discriminator is winning",
        "text": "It spots every fake.",
        "evidence": [{"label": "Fakes spotted", "value": "99 %", "usual": ""}],
        "change": {
            "setting": "discriminator_learning_rate",
            "title": "Learning rate, discriminator",
            "from": run.config["discriminator_learning_rate"],
            "to": 0.0001,
        },
    }
    move = run.transitions.first()
    assert (move.frm, move.to, move.step, move.reason) == ("running", "running", 40, "The discriminator is winning. It spots every fake.")


def test_the_same_verdict_once_more_is_no_news(run: Run, recorder: Recorder) -> None:
    """As after going on in another process: the newer figures count, and the history tells it once."""
    recorder.record(verdict(40))
    recorder.close()
    run = held_again(run)
    again = Recorder(run, 2, lambda step, known: "")
    again.record(verdict(60))
    again.record(verdict(80, "collapse"))
    again.close()
    run.refresh_from_db()
    assert (run.verdict["step"], run.verdict["kind"]) == (80, "collapse")
    assert list(run.transitions.filter(frm="running", to="running").order_by("pk").values_list("step", flat=True)) == [40, 80]


def test_open_pages_hear_of_both(run: Run, recorder: Recorder, broker: Broker, client: Any) -> None:
    subscription = broker.client().pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(f"ganvas:run:{run.pk}")
    subscription.get_message(timeout=5)
    recorder.record(scores(10, 0.3))
    recorder.record(verdict(10))
    recorder.close()
    heard = {}
    while (message := subscription.get_message(timeout=0.5)) is not None:
        told = json.loads(message["data"])
        heard[told["event"]] = told["data"]
    client.force_login(run.owner)
    listed = client.get(f"/api/v1/runs/{run.pk}/scores/").json()["results"]
    assert listed == [heard["score"]] and heard["score"]["best"] is True
    assert client.get(f"/api/v1/runs/{run.pk}/").json()["verdict"] == heard["verdict"]


@pytest.mark.parametrize("event", [scores(10, 0.3), verdict(10), near_sheet(10)], ids=["score", "verdict", "sheet"])
def test_an_attempt_that_was_superseded_writes_none_of_it(run: Run, recorder: Recorder, event: Any) -> None:
    held_again(run)
    recorder.record(event)
    with pytest.raises(Superseded):
        recorder.close()
    recorder.abandon()
    run.refresh_from_db()
    assert not run.scores.exists() and run.verdict is None and run.best_step is None and not run.samples.exists()
