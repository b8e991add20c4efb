"""Taking the next run from the queue."""

from django.db import transaction

from portal.accounts.models import User
from portal.runs.models import Run
from portal.workers.models import Worker


def claim_next(name: str) -> Run | None:
    """Claim for the worker of that name the next run that may start and whose needs it meets; None when there is none.

    Safe against any number of rivals. A run that waits for another kind of worker does not keep those behind it. A worker that has not announced
    itself takes what has no needs.
    """
    worker = Worker.objects.filter(pk=name).first() or Worker(name=name)
    while (run := Run.objects.eligible().servable_by(worker).defer("log_tail").first()) is not None:
        if _claim(run, worker):
            claimed: Run = Run.objects.select_related("owner", "dataset").get(pk=run.pk)
            return claimed
    return None


def _claim(run: Run, worker: Worker) -> bool:
    with transaction.atomic():
        # One claim of an owner at a time: two workers must not each count the other's run as not yet there.
        User(pk=run.owner_id).lock()
        return Run.objects.eligible().servable_by(worker).filter(pk=run.pk).exists() and run.claim(worker.name, worker.devices)
