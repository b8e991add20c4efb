"""The files with the best score stay until there are better ones, whatever happens to others."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage, storages

from gan_core.events import Rewound
from portal.runs.models import Run
from tests.worker.recording import checkpoint, files, scores
from worker import returns
from worker.claim import claim_next
from worker.fence import Superseded
from worker.record import Recorder
from worker.rewind import rewind


def kept(run: Run) -> set[tuple[str, int, bool]]:
    return set(run.artifacts.values_list("kind", "step", "best"))


def assert_all_there(run: Run) -> None:
    assert files(run) == sorted(run.artifacts.values_list("file", flat=True))


def good_then_worse(recorder: Recorder, directory: Path) -> None:
    """The best score at step 2, and three checkpoints after it."""
    recorder.record(scores(2, 0.1))
    recorder.record(checkpoint(2, directory, best=True))
    recorder.drain()
    for step in (3, 4, 5):
        recorder.record(scores(step, 0.1 * step))
        recorder.record(checkpoint(step, directory))
        recorder.drain()


def test_it_stays_beside_the_newest(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    good_then_worse(recorder, tmp_path)
    best = {(kind, 2, True) for kind in ("checkpoint", "weights", "card")}
    assert kept(run) == best | {("checkpoint", 4, False), ("checkpoint", 5, False), ("weights", 5, False), ("card", 5, False)}
    assert run.artifacts.get(kind="weights", best=True).file.read() == b"weights 2"
    assert_all_there(run)


def test_a_better_one_takes_its_place(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    good_then_worse(recorder, tmp_path)
    recorder.record(scores(6, 0.01))
    recorder.record(checkpoint(6, tmp_path, best=True))
    recorder.drain()
    best = {(kind, 6, True) for kind in ("checkpoint", "weights", "card")}
    assert kept(run) == best | {("checkpoint", 5, False)}
    assert_all_there(run)
    run.refresh_from_db()
    assert run.best_step == 6


def test_a_checkpoint_that_turns_out_the_best_is_stored_anew(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    """It was due by time, and then its pictures were scored: the new file knows the score, and so does the card."""
    recorder.record(checkpoint(4, tmp_path))
    recorder.record(scores(4, 0.25))
    event = checkpoint(4, tmp_path, best=True)
    event.path.write_bytes(b"everything 4, scored")
    recorder.record(event)
    recorder.drain()
    assert kept(run) == {(kind, 4, True) for kind in ("checkpoint", "weights", "card")}
    assert run.artifacts.get(kind="checkpoint").file.read() == b"everything 4, scored"
    assert run.artifacts.get(kind="card").file.read() == b"# Step 4, 0.25\n"
    assert_all_there(run)


def test_the_last_card_tells_the_last_score(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    """Though there was a checkpoint at the last step before it was scored."""
    recorder.record(scores(2, 0.1))
    recorder.record(checkpoint(9, tmp_path))
    recorder.record(scores(9, 0.5))
    recorder.record(checkpoint(9, tmp_path))
    recorder.drain()
    assert run.artifacts.get(kind="card", step=9).file.read() == b"# Step 9, 0.5\n"


def test_storage_that_writes_over_files_loses_none(run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an object store does."""
    monkeypatch.setattr(storages["default"], "_allow_overwrite", True)
    recorder.record(checkpoint(4, tmp_path))
    recorder.record(checkpoint(4, tmp_path, best=True))
    recorder.drain()
    assert_all_there(run)
    before = kept(run)
    returns.give_back(run, 1, "The worker was thought dead")
    with pytest.raises(Superseded):
        recorder.record(checkpoint(4, tmp_path, best=True))
        recorder.drain()
    assert kept(run) == before
    assert_all_there(run)


def test_a_card_after_going_back_knows_no_score_that_has_not_happened(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(scores(2, 0.1))
    recorder.record(checkpoint(2, tmp_path, best=True))
    recorder.record(scores(4, 0.2))
    recorder.record(Rewound(2, "It fell apart."))
    recorder.record(checkpoint(5, tmp_path))
    recorder.drain()
    assert run.artifacts.get(kind="card", step=5).file.read() == b"# Step 5, 0.1\n"
    run.refresh_from_db()
    assert (list(run.scores.values_list("step", flat=True)), run.best_step) == ([2], 2)


def test_a_resumed_attempt_knows_the_scores_before_it(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    good_then_worse(recorder, tmp_path)
    recorder.close()
    returns.give_back(run, 1, "The worker was thought dead")
    run = claim_next("two")
    rewind(run, 2, tmp_path)
    again = Recorder(run, 2, lambda step, scores: f"# Step {step}, {scores and scores.kid}\n")
    again.record(checkpoint(7, tmp_path))
    again.drain()
    again.close()
    assert run.artifacts.get(kind="card", step=7).file.read() == b"# Step 7, 0.5\n"
    assert run.artifacts.filter(best=True, step=2).count() == 3


def test_rewinding_past_the_best_makes_the_one_before_it_the_best(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    for step in (3, 6):
        recorder.record(scores(step, 1 / step))
        recorder.record(checkpoint(step, tmp_path, best=True))
        recorder.drain()
    recorder.close()
    Path(default_storage.path(run.artifacts.get(kind="checkpoint", step=6).file.name)).write_bytes(b"damaged")
    returns.give_back(run, 1, "The worker was thought dead")
    run = claim_next("two")
    rewind(run, 2, tmp_path)
    run.refresh_from_db()
    assert run.best_step == 3
    assert kept(run) == {("checkpoint", 3, True)}
    assert list(run.scores.values_list("step", flat=True)) == [3]
