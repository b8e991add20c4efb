"""The signs of life of a training worker."""

import sys
from collections.abc import Iterator
from subprocess import PIPE, Popen
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from django.utils import timezone

from portal.runs.models import Run
from portal.workers.models import Worker
from tests.processes import Broker, wait_until
from tests.training import launched, person, ready
from worker import device, heart
from worker.claim import claim_next
from worker.heart import Heart

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leaving(settings: Any) -> Iterator[Event]:
    settings.GANVAS_LEASE_SECONDS = 0.2
    event = Event()
    yield event
    event.set()
    for thread in enumerate_threads():
        if isinstance(thread, Heart):
            thread.join(10)


def beating(leaving: Event) -> Heart:
    started = Heart("one", leaving)
    started.start()
    wait_until(lambda: Worker.objects.filter(name="one").exists(), "the first sign of life", 10)
    return started


def test_it_tells_what_the_settings_say_and_goes_on_telling(leaving: Event, settings: Any) -> None:
    settings.GANVAS_DEVICE, settings.GANVAS_POOL, settings.GANVAS_LABELS = "cpu", "fast", ["attic"]
    beating(leaving)
    row = Worker.objects.get()
    assert (row.pool, row.labels, row.is_gpu, row.devices) == ("fast", ["attic"], False, 1)
    assert row.device.startswith("CPU, ") and row.memory > 10**8
    wait_until(lambda: Worker.objects.get().seen > row.seen, "the next sign of life", 10)


def test_whoever_leaves_is_gone_at_once(leaving: Event) -> None:
    thread = beating(leaving)
    leaving.set()
    thread.join(10)
    assert not Worker.objects.exists()


def test_a_namesake_that_came_later_stays(leaving: Event) -> None:
    thread = beating(leaving)
    leaving.set()
    Worker.objects.update(started=timezone.now())
    thread.join(10)
    assert Worker.objects.count() <= 1


def test_a_row_that_got_lost_comes_back(leaving: Event) -> None:
    beating(leaving)
    Worker.objects.all().delete()
    wait_until(Worker.objects.exists, "the next sign of life", 10)


def test_what_torch_finds_is_told_when_it_comes(leaving: Event, monkeypatch: Any) -> None:
    told = '{"device": "2 × Accelerator", "devices": 2, "memory": 24000000000, "is_gpu": true}'
    monkeypatch.setattr(device, "look", lambda: Popen([sys.executable, "-c", f"print('{told}')"], stdout=PIPE, text=True))
    beating(leaving)
    wait_until(lambda: Worker.objects.filter(is_gpu=True).exists(), "the device to be found out", 10)
    row = Worker.objects.get()
    assert (row.device, row.devices, row.memory) == ("2 × Accelerator", 2, 24 * 10**9)


def test_torch_is_asked_in_a_process_of_its_own(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(device, "DRIVERS", ("/",))  # as if there might be a GPU
    asked = device.look()
    assert asked is not None
    told, _ = asked.communicate(timeout=60)
    assert asked.returncode == 0 and '"device": "' in told


def test_device_time_is_counted_meanwhile(leaving: Event, broker: Broker, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(heart, "COUNT_SECONDS", 0)
    settings.GANVAS_LEASE_SECONDS = 30
    owner = person()
    launched(owner, ready(owner), steps=1)
    run = claim_next("one")
    monkeypatch.setattr(heart, "SECONDS", 0.05)
    beating(leaving)
    wait_until(lambda: Run.objects.get(pk=run.pk).device_seconds > 0, "the time to be counted", 10)
