"""A run's process that is asked to leave goes with all that it has learned."""

import signal
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.runs.models import Run
from tests.worker.recording import checkpoint, loss
from worker import exits
from worker.record import Recorder
from worker.train_run import _record
from worker.wishes import Wishes


@pytest.fixture
def wishes(run: Run) -> Iterator[Wishes]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)}
    yield Wishes(run.pk, 1)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_does_not_go_with_a_checkpoint_that_training_has_passed(run: Run, recorder: Recorder, wishes: Wishes, tmp_path: Path) -> None:
    """One that was due by the clock may become whole just then."""

    def training() -> Generator[Any, Any, None]:
        yield loss(5)
        wishes.leave = True
        asked = yield replace(checkpoint(3, tmp_path), late=True)
        assert asked == "checkpoint"
        yield checkpoint(5, tmp_path)

    assert _record(recorder, wishes, training()) == exits.LEFT
    run.refresh_from_db()
    assert run.step == run.losses.latest("step").step == 5
    assert {*run.artifacts.filter(kind="checkpoint").values_list("step", flat=True)} == {3, 5}
