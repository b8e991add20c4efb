"""The doors by which messages come in. None is trusted to be true, unique or in time: the modules behind them ask the database."""

import math
import threading
import time
from typing import Any

from celery import Task
from celery.signals import celeryd_after_setup, worker_shutting_down
from django.conf import settings

from portal import orphans, queue
from portal.notices.models import Delivery
from worker import estimates, supervise
from worker.app import REAP_SECONDS, app
from worker.deliver import deliver_due
from worker.heart import Heart
from worker.ingest import ingest as check
from worker.reap import reap as find_and_wake
from worker.reap import unchecked

_checking = threading.Lock()
_cleaning = threading.Lock()
_delivering = threading.Lock()
_reaped = -math.inf


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def announce(sender: str, instance: Any, **_: Any) -> None:
    """Before it takes any message, a training worker says that it is there."""
    if queue.ROUTES[queue.TRAIN]["queue"] in instance.app.amqp.queues.consume_from:
        Heart(settings.GANVAS_WORKER or sender, supervise.stopping).start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def leave(**_: Any) -> None:
    supervise.stopping.set()


@app.task(name=queue.TRAIN, bind=True)  # type: ignore[untyped-decorator]
def train(self: Task) -> None:
    supervise.work(settings.GANVAS_WORKER or self.request.hostname)


@app.task(name=queue.INGEST)  # type: ignore[untyped-decorator]
def ingest(dataset_id: str) -> None:
    """Check a dataset, then all others that wait. One at a time, so that the reaper keeps a thread for itself."""
    if not _checking.acquire(blocking=False):
        return  # whoever is at it finds this one too
    try:
        check(dataset_id, supervise.stopping.is_set)
        for waiting in list(unchecked().values_list("pk", flat=True)):
            if not supervise.stopping.is_set():
                check(waiting, supervise.stopping.is_set)
    finally:
        _checking.release()


@app.task(name=queue.REAP)  # type: ignore[untyped-decorator]
def reap() -> None:
    """One time for all messages that come at once: they pile up while nobody listens."""
    global _reaped
    if time.monotonic() - _reaped > REAP_SECONDS / 2:
        _reaped = time.monotonic()
        find_and_wake()


@app.task(name=queue.ESTIMATE)  # type: ignore[untyped-decorator]
def estimate() -> None:
    """Measure settings that somebody considers launching, until none wait."""
    estimates.measure_all(supervise.stopping.is_set)


@app.task(name=queue.CLEAN)  # type: ignore[untyped-decorator]
def clean() -> None:
    """Delete files without a row, rows without their file, and what was delivered long ago; one at a time, as for `ingest`."""
    if _cleaning.acquire(blocking=False):
        try:
            orphans.clean_on(supervise.stopping.is_set)
            Delivery.objects.forgotten().delete()
        finally:
            _cleaning.release()


@app.task(name=queue.DELIVER)  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Tell people what they are to be told; one at a time, as for `ingest`."""
    if _delivering.acquire(blocking=False):
        try:
            deliver_due(supervise.stopping.is_set)
        finally:
            _delivering.release()
