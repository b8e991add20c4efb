"""A claimed run and its recorder; somebody who wants to be told."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from portal.accounts.models import User
from portal.runs.models import Run, Status
from tests import factories
from tests.processes import Broker
from tests.training import launched, person, ready
from tests.worker.telling import HERE
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


@pytest.fixture
def olga(db: None, settings: Any) -> User:
    settings.GANVAS_WEBHOOK_ALLOW = HERE
    settings.EMAIL_HOST = "mail.example.org"
    olga = factories.make_user("olga")
    EmailAddress.objects.create(user=olga, email="olga@example.org", primary=True, verified=True)
    return olga
