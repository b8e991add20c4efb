"""Measuring settings before a launch: real questions, a real worker, real processes."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from gan_core.config import TrainConfig
from portal.accounts.models import User
from portal.estimates.ask import ask
from portal.estimates.likeness import settle
from portal.estimates.models import PATIENCE, Estimate
from tests.processes import ROOT, Broker, Portal, wait_until
from tests.training import config, person, ready
from worker import estimates

NEVER = threading.Event().is_set


@pytest.fixture
def owner(broker: Broker) -> User:
    return person()


def asked(owner: User, **changes: Any) -> Estimate:
    return ask(owner, settle(config(steps=100, **changes), ready(owner)))


def is_measuring(estimate: Estimate) -> bool:
    """Whether a process of ours does; other tests may measure the same settings at the same time."""
    ours = [estimate.pk.encode(), str(os.getpid()).encode()]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().split(b"\0")[-3:-1] == ours:
                return True
        except (FileNotFoundError, ProcessLookupError):
            continue
    return False


def test_a_worker_measures_all_that_is_asked(owner: User, installation: Portal) -> None:
    """Also with classes, transparency and a penalty, on pictures of which only the row exists."""
    dataset = ready(owner)
    dataset.classes = [{"name": name, "count": 12} for name in "ab"]
    other = {"conditional": True, "channels": "rgba", "objective": "wasserstein", "penalty": "gradient"}
    keys = [asked(owner).pk, ask(person("two"), settle(config(steps=100, **other), dataset)).pk]
    installation.worker("estimate")
    wait_until(lambda: not Estimate.objects.filter(measured=None).exists(), "the answers")
    for key in keys:
        found = Estimate.objects.get(pk=key)
        assert (found.error, found.fits, found.is_gpu, found.device[:3]) == ("", True, False, "CPU"), installation.log()
        assert found.seconds_per_step and found.seconds_per_step > 0
        assert found.memory_bytes and found.available_bytes and found.memory_bytes < found.available_bytes
    measured = Estimate.objects.get(pk=keys[0]).measured
    assert asked(owner, seed=9).measured == measured, "nothing is measured twice"


def test_time_is_over_for_what_takes_too_long(owner: User) -> None:
    estimate = asked(owner)
    claimed = Estimate.objects.claim()
    assert claimed is not None
    estimates.measure(claimed, NEVER, seconds=0.2)
    estimate.refresh_from_db()
    assert (estimate.fits, estimate.error) == (None, estimates.TOO_SLOW)
    assert not is_measuring(estimate)


def test_a_dry_run_that_breaks_off_is_told(owner: User) -> None:
    estimate = asked(owner)
    Estimate.objects.update(config={**estimate.config, "width": 7})  # as a version with other settings may have left it
    estimates.measure_all(NEVER)
    estimate.refresh_from_db()
    assert estimate.error == estimates.BROKEN


def test_a_worker_that_is_to_end_gives_the_question_back(owner: User) -> None:
    estimate = asked(owner)
    stop = threading.Event()
    claimed = Estimate.objects.claim()
    assert claimed is not None
    worker = threading.Thread(target=stop.wait)
    worker.start()
    stop.set()
    begun = time.monotonic()
    estimates.measure(claimed, stop.is_set)
    worker.join()
    estimate.refresh_from_db()
    assert time.monotonic() - begun < 10
    assert (estimate.begun, estimate.measured, Estimate.objects.waiting().get()) == (None, None, estimate)
    assert not is_measuring(estimate)


def test_nobody_measures_what_is_no_longer_waited_for(owner: User) -> None:
    asked(owner)
    Estimate.objects.update(asked=timezone.now() - PATIENCE)
    assert Estimate.objects.claim() is None


def test_two_workers_never_take_the_same_question(owner: User) -> None:
    asked(owner)
    assert Estimate.objects.claim() is not None
    assert Estimate.objects.claim() is None


SMALL_MACHINE = """
import django; django.setup()
from gan_core import memory
memory.available = lambda device: 250_000_000  # twice what the two small dry runs take: libraries crash where the limit is met
from worker.estimate_run import main
main({key!r})
"""


def test_what_does_not_fit_is_found_out_without_trying_it(owner: User, installation: Portal) -> None:
    big = TrainConfig(steps=100, channels="rgb", width=32, height=32, batch_size=1024, generator_width=16, discriminator_width=16, precision="fp32")
    estimate = ask(owner, settle(big, ready(owner)))
    environment = {**installation.variables(), "DJANGO_SETTINGS_MODULE": "portal.settings", "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", SMALL_MACHINE.format(key=estimate.pk)], cwd=ROOT, env=environment, check=True, timeout=100)
    estimate.refresh_from_db()
    assert (estimate.error, estimate.fits, estimate.seconds_per_step) == ("", False, None)
    assert estimate.memory_bytes and estimate.available_bytes and estimate.memory_bytes > 0.95 * estimate.available_bytes
    assert estimate.largest_batch < 1024
