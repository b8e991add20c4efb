"""The broker is down while a run ends, and forgets everything: its owner's program is told all the same, once."""

from ipaddress import ip_network
from typing import Any

from portal.notices import webhooks
from portal.notices.models import Delivery
from portal.runs.models import ACTIVE, Status
from tests import factories
from tests.processes import Broker, Portal, wait_until
from tests.receivers import Receiver


def test_a_run_that_ends_without_a_broker_is_told_of_when_it_is_back(installation: Portal, broker: Broker, settings: Any) -> None:
    settings.GANVAS_WEBHOOK_ALLOW = [ip_network("127.0.0.0/8")]
    installation.environment |= {"GANVAS_WEBHOOK_ALLOW": "127.0.0.0/8", "GANVAS_URL": "https://ganvas.example.org"}
    olga = factories.make_user("olga")
    with Receiver() as receiver:
        webhooks.add(olga, receiver.url)
        run = factories.make_run(olga, status=Status.RUNNING, attempt=1)
        broker.kill(wipe=True)
        assert run.move(Status.COMPLETED, frm=ACTIVE, reason="All steps done")
        broker.start()
        installation.worker("ingest")
        installation.beat()
        wait_until(lambda: Delivery.objects.get().delivered is not None, "the delivery")
    (request,) = receiver.requests
    assert f"https://ganvas.example.org/runs/{run.pk}/".encode() in request.body
