"""Measuring settings before their launch: takes one question after another and has a process of its own try each out.

It works beside training and gives way to it: with low priority, one at a time, and never for long.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from django.utils import timezone

from portal.estimates.models import Estimate
from worker.process import ROOT

log = logging.getLogger(__name__)

SECONDS = 60.0
"""That a dry run may take, its start included."""
TICK = 0.2
TOO_SLOW = f"A few steps take more than {SECONDS:.0f} seconds here."
BROKEN = "The dry run broke off. Perhaps it needs more memory than this machine has."

_measuring = threading.Lock()


def measure_all(stopping: Callable[[], bool]) -> None:
    """Answer all questions that wait, one at a time. `stopping` is asked meanwhile."""
    # Asked again after the lock is free: a question may have come in between, whose wake-up found it taken.
    while not stopping() and Estimate.objects.waiting().exists() and _measuring.acquire(blocking=False):
        try:
            if (estimate := Estimate.objects.claim()) is not None:
                measure(estimate, stopping)
        finally:
            _measuring.release()


def measure(estimate: Estimate, stopping: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Have a process measure a question that was claimed, and end it when its time is over."""
    command = [sys.executable, "-m", "worker.estimate_run", estimate.pk, str(os.getpid())]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + seconds
    try:
        while (code := _exit(process)) is None and time.monotonic() < end and not stopping():
            pass
    finally:
        process.kill()
        process.wait()
    open_question = Estimate.objects.filter(pk=estimate.pk, begun=estimate.begun, measured=None)
    if code is None and stopping():
        open_question.update(begun=None)  # for another worker
    elif open_question.update(measured=timezone.now(), error=TOO_SLOW if code is None else BROKEN):
        log.warning("Settings %s could not be measured: %s", estimate.pk[:12], "time is over" if code is None else f"code {code}")


def _exit(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(TICK)
    except subprocess.TimeoutExpired:
        return None
