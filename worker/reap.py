"""The reaper: finds what a dead worker or a lost message has left lying, and sets it going again. Run every few seconds."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from portal import queue
from portal.datasets.models import Dataset
from portal.runs.models import Run
from worker import returns

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=3)
"""Time for the message of a new dataset to arrive by itself."""


def reap() -> None:
    _runs_of_dead_workers()
    _wake_trainers()
    _datasets()


def _runs_of_dead_workers() -> None:
    for run in Run.objects.expired().defer("log_tail"):
        with transaction.atomic():
            # Asked again under lock: its worker may have renewed the lease a moment ago.
            if Run.objects.expired().filter(pk=run.pk, attempt=run.attempt).select_for_update().values_list("pk").first():
                log.warning("Run %s: the lease of attempt %s has expired", run.pk, run.attempt)
                returns.crashed(run, run.attempt, f"Worker {run.worker} no longer answers.")


def _wake_trainers() -> None:
    """As many wake-ups as there are runs to claim, those under way included: messages must not pile up while all workers are busy."""
    for _ in range(Run.objects.eligible().count() - queue.wakeups_waiting()):
        queue.train()


def _datasets() -> None:
    for dataset in unchecked():
        if dataset.attempt < settings.GANVAS_MAX_FAILURES:
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
    now = timezone.now()
    waiting = Q(lease_expires=None, created__lt=now - SETTLE) | Q(lease_expires__lt=now)
    return Dataset.objects.filter(waiting, status=Dataset.Status.PROCESSING)
