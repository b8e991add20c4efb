"""A real training worker is there, also while it has nothing to do, and is missed when it dies."""

from typing import Any

from portal.workers.models import Worker
from tests.processes import Broker, Portal, wait_until


def test_an_idle_worker_is_there_until_it_dies(installation: Portal, broker: Broker, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = 2
    installation.environment |= {"GANVAS_POOL": "attic", "GANVAS_LABELS": "old, loud", "GANVAS_DEVICE": "cpu"}
    installation.worker("ingest")  # trains nothing
    process = installation.worker("train", "one")
    first = wait_until(lambda: Worker.objects.alive().first(), "the worker to announce itself")
    assert (first.name, first.pool, first.labels, first.is_gpu, first.device[:5]) == ("one@test", "attic", ["old", "loud"], False, "CPU, ")
    wait_until(lambda: Worker.objects.filter(started=first.started, seen__gt=first.seen).exists(), "the next sign of life")
    process.kill()
    wait_until(lambda: not Worker.objects.alive().exists(), "the worker to be missed", 10)
    assert Worker.objects.get().name == "one@test"
