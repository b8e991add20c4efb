"""The reaper: finds what a dead worker or a lost message has left lying, and sets it going again. Run every few seconds."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from portal import queue
from portal.datasets.models import Dataset
from portal.leases import ended
from portal.notices.models import Delivery
from portal.runs.models import Run
from portal.workers.models import Worker
from worker import returns

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=3)
"""Time for the message of a new dataset to arrive by itself."""


def reap() -> None:
    _runs_of_dead_workers()
    _wake_trainers()
    _datasets()
    if Delivery.objects.due().exists():
        queue.deliver()
    Worker.objects.forgotten().delete()


def _runs_of_dead_workers() -> None:
    for run in Run.objects.expired().defer("log_tail"):
        with transaction.atomic():
            # Asked again under lock: its worker may have renewed the lease a moment ago. Not waited for: one who was stopped in the middle of a
            # transaction would keep all other runs from being found.
            held = Run.objects.expired().filter(pk=run.pk, attempt=run.attempt).select_for_update(skip_locked=True)
            if held.values_list("pk").first():
                log.warning("Run %s: the lease of attempt %s has expired", run.pk, run.attempt)
                returns.crashed(run, run.attempt, f"Worker {run.worker} no longer answers.")


def _wake_trainers() -> None:
    """Wake every free worker as soon as one of them could take a run: who gets which message cannot be told.

    Wake-ups under way are included, so that none pile up.
    """
    free = Worker.objects.alive().exclude(name__in=Run.objects.active().values("worker"))
    if any(Run.objects.eligible().servable_by(worker).exists() for worker in _kinds(free)):
        for _ in range(len(free) - queue.wakeups_waiting()):
            queue.train()


def _kinds(workers: Iterable[Worker]) -> Iterable[Worker]:
    """One worker of each kind; the others could serve the same runs."""
    return {(worker.pool, worker.is_gpu, worker.memory): worker for worker in workers}.values()


def _datasets() -> None:
    for dataset in unchecked():
        if dataset.attempt - dataset.excused < settings.GANVAS_MAX_FAILURES:
            queue.ingest(dataset.pk)
        elif (
            unchecked()
            .filter(pk=dataset.pk, attempt=dataset.attempt)
            .update(
                status=Dataset.Status.FAILED,
                error="Checking these pictures brought the worker down again and again. Try a smaller or different archive.",
            )
        ):
            log.error("Dataset %s: given up after %s attempts", dataset.pk, dataset.attempt)


def unchecked() -> models.QuerySet[Dataset]:
    """Datasets that wait for a worker, or whose worker has died."""
    waiting = Q(lease_expires=None, created__lt=Now() - SETTLE) | ended()
    return Dataset.objects.filter(waiting, status=Dataset.Status.PROCESSING)
