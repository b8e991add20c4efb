"""A run that is scored on its way: when, on what, which files stay, and when it ends for want of anything better."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core import examine
from gan_core.config import TrainConfig
from gan_core.errors import ScoresUnavailable
from gan_core.events import Checkpoint, Event, Note, Rewound, Samples, Scores
from gan_core.examine import SHARE, Examiner
from gan_core.images.store import ImageStore
from gan_core.train import train
from tests.gan_core.conftest import Prepare
from tests.gan_core.test_setbacks import Poison, poison, run_with_checkpoint_at  # noqa: F401 (a fixture)
from tests.gan_core.test_train import noise, of_kind, tiny

CPU = torch.device("cpu")


def scored(**changes: object) -> TrainConfig:
    return tiny(**{"score_samples": 12, "precision": "fp32", "augmentation": "none", **changes})


@pytest.fixture
def every_five_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores by the step rather than by the clock, so that a test need not wait."""
    seen: list[int] = []

    def due(self: Examiner, seconds: float) -> bool:
        seen.append(1)
        return self.wanted and len(seen) % 5 == 0

    monkeypatch.setattr(Examiner, "due", due)


def test_a_run_ends_with_a_score_a_sheet_that_knows_its_neighbours_and_the_best_checkpoint(tmp_path: Path) -> None:
    events = list(train(scored(), noise(), tmp_path, device="cpu"))
    scores, sheet, kept = events[-3:]
    assert isinstance(scores, Scores) and (scores.step, scores.samples, scores.real) == (4, 12, 10)
    assert "EfficientNet" in scores.extractor and np.isfinite([scores.fd, scores.kid, scores.kid_error, scores.mifid]).all()
    assert isinstance(kept, Checkpoint) and kept.best
    assert isinstance(sheet, Samples) and sheet.nearest is not None and of_kind(events, Samples)[0].nearest is None
    assert sheet.nearest.indices.shape == sheet.nearest.distances.shape == (64, 6)
    assert set(sheet.nearest.indices.ravel()) <= set(range(10)) and (np.diff(sheet.nearest.distances) >= 0).all()


def test_none_are_taken_where_none_are_wanted(tmp_path: Path) -> None:
    events = list(train(scored(score_samples=0), noise(), tmp_path, device="cpu"))
    assert not of_kind(events, Scores) and not any(kept.best for kept in of_kind(events, Checkpoint))


def test_scoring_changes_nothing_of_the_training(tmp_path: Path, every_five_steps: None) -> None:
    from tests.gan_core.test_resume import equal

    for name, count in (("with", 12), ("without", 0)):
        list(train(scored(steps=12, score_samples=count), noise(), tmp_path / name, device="cpu"))
    assert equal(*(tmp_path / name / "weights-00000012.safetensors" for name in ("with", "without")))


def test_they_are_as_frequent_as_takes_a_twentieth_of_the_time() -> None:
    examiner = Examiner(scored(), noise(), CPU)
    assert not examiner.due(examine.NOT_BEFORE - 1), "nothing is loaded that early"
    assert examiner.due(3600)
    features = examiner.features(noise(count=12).images)
    scores = examiner.judge(features, step=1, seconds=100.0, began=examine.time.monotonic() - 10)
    assert scores.cost >= 10
    next_one = (examiner.state()["spent"] + scores.cost) / SHARE
    assert not examiner.due(next_one - 1) and examiner.due(next_one + 1)


def test_or_as_frequent_as_it_was_asked_for() -> None:
    examiner = Examiner(scored(score_every_seconds=30), noise(), CPU)
    assert [examiner.due(seconds) for seconds in (29, 31)] == [False, True]
    examiner.judge(examiner.features(noise(count=12).images), step=1, seconds=40.0, began=examine.time.monotonic())
    assert [examiner.due(seconds) for seconds in (69, 71)] == [False, True]


def test_classes_are_drawn_as_often_as_there_are_pictures_of_them(digits: Path, prepared: Prepare) -> None:
    config = scored(conditional=True, score_samples=300)
    images = prepared(digits, config)
    uneven = ImageStore(images.images[:30], np.repeat([0, 1, 2], [15, 10, 5]), images.class_names[:3])  # type: ignore[arg-type]
    labels = torch.cat([part.labels for part in Examiner(config, uneven, CPU).inputs() if part.labels is not None])
    assert torch.bincount(labels).tolist() == [150, 100, 50]


def test_out_of_patience_it_ends_before_its_last_step_and_the_best_files_stay(tmp_path: Path, every_five_steps: None) -> None:
    config = scored(steps=1000, patience=5, generator_learning_rate=1e-12, ema=0)  # hardly ever better
    events = list(train(config, noise(), tmp_path, device="cpu"))
    scores = of_kind(events, Scores)
    best = min(scores, key=lambda one: one.kid).step
    assert len([one for one in scores if one.step > best]) == 5 and scores[-1].step < 1000
    assert any("No better score for 5 in a row" in note.message for note in of_kind(events, Note))
    assert isinstance(events[-1], Checkpoint) and events[-1].step == scores[-1].step
    assert (tmp_path / f"weights-{best:08d}.safetensors").exists() and (tmp_path / f"checkpoint-{best:08d}.safetensors").exists()


def test_a_resumed_run_knows_its_best_score(tmp_path: Path, every_five_steps: None) -> None:
    config, images = scored(steps=40), noise()
    running = train(config, images, tmp_path, device="cpu")
    for event in running:
        if isinstance(event, Scores) and event.step >= 15:
            break
    kept = running.send("checkpoint")
    while not isinstance(kept, Checkpoint):
        kept = next(running)
    first = Examiner(config, images, CPU)
    from gan_core.train import _Run

    again = _Run(config, images, tmp_path, CPU)
    again.resume(kept.path)
    assert again.examiner.best is not None and 0 < again.examiner.best_step <= kept.step
    assert again.examiner.state() != first.state()


def test_whoever_wants_to_leave_does_not_wait_for_a_score(tmp_path: Path, every_five_steps: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_core.clock.PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("gan_core.examine.PORTION", 4)
    running = train(scored(steps=100, score_samples=40), noise(), tmp_path, device="cpu")
    after: list[Event] = []
    for event in running:
        after.append(event)
        if event.step == 5 and len(of_kind([one for one in after if one.step == 5], type(event))) >= 3:  # in the middle of the score
            break
    answers = [running.send("checkpoint")]
    while not isinstance(answers[-1], Checkpoint):
        answers.append(next(running))
    assert not of_kind(answers, Scores) and answers[-1].step == 5


def test_without_the_package_a_run_trains_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(device: torch.device) -> None:
        raise ScoresUnavailable("No scores: a package is missing.")

    monkeypatch.setattr("gan_core.examine.load_extractor", missing)
    events = list(train(scored(), noise(), tmp_path, device="cpu"))
    assert not of_kind(events, Scores) and isinstance(events[-1], Checkpoint)
    assert [note.message for note in of_kind(events, Note)].count("No scores: a package is missing.") == 1


def test_a_run_that_goes_back_forgets_the_scores_since_then(
    poison: Poison,  # noqa: F811
    tmp_path: Path,
    every_five_steps: None,
) -> None:
    poison(22)
    events = run_with_checkpoint_at(3, train(scored(steps=30), noise(), tmp_path, device="cpu"))
    (rewound,) = of_kind(events, Rewound)
    before = [one for one in of_kind(events[: events.index(rewound)], Scores) if one.step <= rewound.step]
    after = of_kind(events[events.index(rewound) :], Scores)
    best = min([*before, *after], key=lambda one: one.kid)
    assert [kept.step for kept in of_kind(events, Checkpoint) if kept.best][-1] == best.step
