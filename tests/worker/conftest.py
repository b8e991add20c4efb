"""A claimed run and its recorder."""

from collections.abc import Iterator

import pytest

from portal.runs.models import Run, Status
from tests.processes import Broker
from tests.training import launched, person, ready
from worker.claim import claim_next
from worker.record import Recorder


@pytest.fixture
def run(broker: Broker) -> Run:
    """A run that attempt 1 holds and trains."""
    owner = person()
    launched(owner, ready(owner), steps=100)
    run = claim_next("one")
    run.move(Status.RUNNING, frm=(Status.STARTING,), held_by=1, reason="Training")
    return run


@pytest.fixture
def recorder(run: Run) -> Iterator[Recorder]:
    recorder = Recorder(run, 1, lambda step, scores: f"# Step {step}\n" if scores is None else f"# Step {step}, {scores.kid}\n", files=range(9))
    yield recorder
    recorder.abandon()
