"""The doors by which messages come in. None is trusted to be true, unique or in time: the modules behind them ask the database."""

import threading

from celery import Task
from django.conf import settings

from portal import queue
from worker import supervise
from worker.app import app
from worker.ingest import ingest as check
from worker.reap import reap as find_and_wake
from worker.reap import unchecked

_checking = threading.Lock()


@app.task(name=queue.TRAIN, bind=True)
def train(self: Task) -> None:
    supervise.work(settings.GANVAS_WORKER or self.request.hostname)


@app.task(name=queue.INGEST)
def ingest(dataset_id: str) -> None:
    """Check a dataset, then all others that wait. One at a time, so that the reaper keeps a thread for itself."""
    if not _checking.acquire(blocking=False):
        return  # whoever is at it finds this one too
    try:
        check(dataset_id)
        for waiting in list(unchecked().values_list("pk", flat=True)):
            check(waiting)
    finally:
        _checking.release()


@app.task(name=queue.REAP)
def reap() -> None:
    find_and_wake()
