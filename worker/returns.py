"""Where a run goes whose process has ended before its work was done. Called by its supervisor, or by the reaper."""

from typing import Any

from django.conf import settings
from django.db import transaction

from portal import queue
from portal.runs.control import announce
from portal.runs.models import ACTIVE, Run, Status

REASON = 500
"""Characters that a transition's reason may have."""


def give_back(run: Run, attempt: int, reason: str, **values: Any) -> bool:
    """Move a held run to where its owner wished it, or else back to the queue. False if that attempt no longer holds it.

    Args:
        reason: why its process is gone; none if only because its owner wished so.
    """
    wishes = {Run.Control.STOP: (Status.STOPPED, "Stopped"), Run.Control.PAUSE: (Status.PAUSED, "Paused")}
    with transaction.atomic():
        control = Run.objects.held_by(run.pk, attempt).select_for_update().values_list("control", flat=True).first()
        if control is None:
            return False
        to, wish = wishes.get(control, (Status.QUEUED, ""))
        why = ". ".join(filter(None, (wish, reason)))
        values |= {"control": Run.Control.NONE, "lease_expires": None, "images_per_second": None}
        run.move(to, frm=ACTIVE, held_by=attempt, reason=why[:REASON], **values)
        if to == Status.QUEUED:
            queue.train()
        announce(run)
    return True


def crashed(run: Run, attempt: int, reason: str, *, remedy: str = "", **values: Any) -> bool:
    """Try again after a crash, or give up after GANVAS_MAX_FAILURES without progress. False if that attempt no longer holds it.

    Args:
        remedy: what the next attempt does otherwise, as a sentence.
        values: columns of the run that see to it.
    """
    with transaction.atomic():
        held = Run.objects.held_by(run.pk, attempt).select_for_update().values_list("failures", "control").first()
        if held is None:
            return False
        failures, control = held[0] + 1, held[1]
        if failures < settings.GANVAS_MAX_FAILURES or control:
            return give_back(run, attempt, f"{reason} {remedy}".rstrip(), failures=failures, **values)
        error = f"Training broke off {failures} times without getting further. {reason}"
        return fail(run, attempt, error, failures=failures)


def fail(run: Run, attempt: int, error: str, **values: Any) -> bool:
    """End a held run with a sentence for its owner. False if that attempt no longer holds it."""
    values |= {"error": error, "control": Run.Control.NONE, "lease_expires": None, "images_per_second": None}
    with transaction.atomic():
        moved = run.move(Status.FAILED, frm=ACTIVE, held_by=attempt, reason=error[:REASON], **values)
        if moved:
            announce(run)
    return moved
