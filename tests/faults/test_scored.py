"""A run that is scored on its way, by the real network, is killed: it trains to the same end, and its scores tell one story."""

import os
import signal

from portal.accounts.models import User
from portal.datasets.models import Dataset
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.processes import Portal, wait_until
from tests.training import launched


def test_scores_survive_kill_9_and_change_nothing_of_the_training(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    run = launched(owner, dataset, steps=a_while(), score_samples=16, score_every_seconds=1)
    wait_until(lambda: run.scores.exists() and trained_past_a_checkpoint(run), "a score, and training after a checkpoint")
    os.kill(process_of(run), signal.SIGKILL)
    finish(run, installation)
    assert run.attempt == 2
    assert_as_if_undisturbed(run)

    scores = list(run.scores.all())
    assert scores[-1].step == run.step and {(one.samples, one.real) for one in scores} == {(16, 24)}
    assert run.best_step == min(scores, key=lambda one: (one.kid, one.step)).step
    assert {one.kind for one in run.artifacts.filter(best=True, step=run.best_step)} == {"weights", "card", "checkpoint"}
    card = run.artifacts.filter(kind="card").order_by("-step")[0].file.read().decode()
    assert "## Scores" in card and "16 drawn pictures" in card and "24 training pictures" in card and "EfficientNet-Lite0" in card
    nearest = run.samples.get(step=run.step).nearest
    assert len(nearest["tiles"]) == 64 and all(0 <= index < 24 for tile in nearest["tiles"] for index, _ in tile)


def test_a_run_out_of_patience_is_completed_and_says_so(installation: Portal, owner: User, dataset: Dataset) -> None:
    installation.worker()
    still = {"generator_learning_rate": 1e-12, "ema": 0}  # hardly ever better
    run = launched(owner, dataset, steps=10_000_000, score_samples=16, score_every_seconds=1, patience=1, **still)
    finish(run, installation)
    assert run.step < run.total_steps
    assert run.transitions.first().reason == "No better score for 1 score"
    assert run.scores.filter(step__gt=run.best_step).count() >= 1
