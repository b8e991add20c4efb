"""Taking the next run from the queue."""

from django.db import transaction

from portal.accounts.models import User
from portal.runs.models import Run


def claim_next(worker: str) -> Run | None:
    """Claim the next run whose owner may start one more; None when there is none. Safe against any number of rivals."""
    while (run := Run.objects.eligible().first()) is not None:
        if _claim(run, worker):
            claimed: Run = Run.objects.select_related("owner", "dataset").get(pk=run.pk)
            return claimed
    return None


def _claim(run: Run, worker: str) -> bool:
    with transaction.atomic():
        # One claim of an owner at a time: two workers must not each count the other's run as not yet there.
        User.objects.select_for_update(no_key=True).get(pk=run.owner_id)
        return Run.objects.eligible().filter(pk=run.pk).exists() and run.claim(worker)
