"""The API answers as its schema says, whatever it is asked: every call, with data that fits the schema and data that does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from portal.accounts import tokens
from portal.docs import schema as document
from tests import factories

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # as a synchronous reader has to
STREAM = "runs_events"
"""Answered outside of Django's views; see tests/portal/test_event_stream.py."""

contract = schemathesis.openapi.from_dict(document()).exclude(operation_id=STREAM)


def app(environ: dict[str, Any], start_response: Any) -> Any:
    """The portal, as a server hands it calls from this machine."""
    return portal({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)


portal = get_wsgi_application()
contract.app = app


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request must not close the connection that holds the test's transaction; Django's own test client does the same."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(owner: Any) -> str:
    return tokens.create(owner)[1]


@pytest.fixture
def ids(owner: Any) -> dict[str, str]:
    """Of things that exist, by the first part of the address."""
    run = factories.finished_run(owner, factories.checked_dataset(owner))
    return {"datasets": str(run.dataset_id), "runs": str(run.pk)}


# No schema can say whether settings fit each other: so what conforms to it may be refused. And 0 is taken for the name "0".
LENIENT = [positive_data_acceptance, negative_data_rejection]


@contract.parametrize()
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
def test_a_call_answers_as_the_schema_says(case: Case, ids: dict[str, str], token: str) -> None:
    if "id" in case.path_parameters:
        case.path_parameters["id"] = ids[case.path.split("/")[3]]
    with transaction.atomic():
        case.call_and_validate(headers={"Authorization": f"Token {token}"}, excluded_checks=LENIENT)
        transaction.set_rollback(True)
