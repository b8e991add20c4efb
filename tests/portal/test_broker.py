"""The broker is a convenience: whatever is wrong with it, the portal does not fail, and does not wait for long."""

import json
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from portal import broker as channel
from portal import queue
from tests.processes import Broker, forget_clients, wait_until

RUN = uuid.uuid4()


@pytest.fixture
def hanging(settings: object) -> Iterator[None]:
    """A broker that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        forget_clients()
        yield
    forget_clients()


def test_a_message_arrives_on_the_channel_of_its_run(broker: Broker) -> None:
    subscription = broker.client().pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(f"ganvas:run:{RUN}")
    subscription.get_message(timeout=5)
    assert channel.publish(RUN, "status", {"step": 4})
    message = wait_until(lambda: subscription.get_message(timeout=1), "the message")
    assert json.loads(message["data"]) == {"event": "status", "data": {"step": 4}}


def test_times_and_ids_are_spelled_as_the_api_spells_them() -> None:
    told = json.loads(channel.encode("status", {"id": RUN, "created": datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)}))
    assert told["data"] == {"id": str(RUN), "created": "2026-01-02T03:04:05.678900Z"}


def test_publishing_without_a_broker_returns_at_once(broker: Broker) -> None:
    broker.kill()
    begun = time.monotonic()
    assert not channel.publish(RUN, "status", {})
    assert time.monotonic() - begun < 0.5


def test_publishing_works_again_as_soon_as_the_broker_is_back(broker: Broker) -> None:
    assert channel.publish(RUN, "status", {})
    broker.kill()
    assert not channel.publish(RUN, "status", {})
    broker.start()
    assert channel.publish(RUN, "status", {})


def test_a_broker_that_hangs_costs_one_wait_and_not_one_a_message(hanging: None) -> None:
    begun = time.monotonic()
    assert not channel.publish(RUN, "status", {})
    waited = time.monotonic() - begun
    assert waited < 3
    for _ in range(100):
        assert not channel.publish(RUN, "status", {})
    assert time.monotonic() - begun < waited + 0.5


@pytest.mark.django_db(transaction=True)
def test_waking_a_worker_over_a_broker_that_hangs_gives_up_soon(hanging: None) -> None:
    begun = time.monotonic()
    queue.train()
    assert time.monotonic() - begun < 5
