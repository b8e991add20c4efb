"""What people may do to a run: pause, resume, stop, retry, draw a sheet now, delete.

A waiting run obeys at once. A run that a process holds gets a wish (`Run.control`), which its supervisor reads.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import broker, queue, storage
from portal.runs.models import ACTIVE, Run, Status
from portal.runs.payloads import run_payload


class ActionRefused(Exception):
    """The run's state forbids it; `str(error)` is a sentence for the user."""


def pause(run: Run, actor: Any) -> None:
    """Checkpoint and free the device; `resume` goes on from there."""
    if not run.move(Status.PAUSED, frm=(Status.QUEUED,), reason="Paused before it started", actor=actor):
        _wish(run, actor, Run.Control.PAUSE)
    announce(run)


def stop(run: Run, actor: Any) -> None:
    """End the run and keep what it has learned."""
    if not run.move(Status.STOPPED, frm=(Status.QUEUED, Status.PAUSED), reason="Stopped", actor=actor, control=Run.Control.NONE):
        _wish(run, actor, Run.Control.STOP)
    announce(run)


def resume(run: Run, actor: Any) -> None:
    """Put a paused run back into the queue."""
    _enqueue(run, actor, frm=(Status.PAUSED,), reason="Resumed")


def retry(run: Run, actor: Any) -> None:
    """Put a failed or stopped run back into the queue; it goes on from its last checkpoint."""
    _enqueue(run, actor, frm=(Status.FAILED, Status.STOPPED), reason="Tried again", verdict=None)


def sample(run: Run, actor: Any) -> None:
    """Draw a sheet at the next step, besides the regular ones."""
    if not Run.objects.filter(pk=run.pk, status=Status.RUNNING).update(sample_wanted=True):
        raise _refused(run, "draw a sheet of")
    run.refresh_from_db()


def sample_class(run: Run, actor: Any, label: int) -> None:
    """Draw a sheet of one class, by its index, at the next step; it does not belong to the series."""
    with transaction.atomic():
        running = Run.objects.filter(pk=run.pk, status=Status.RUNNING)
        wanted = running.select_for_update().values_list("class_sheets_wanted", flat=True).first()
        if wanted is None:
            raise _refused(run, "draw a sheet of")
        running.update(class_sheets_wanted=list(dict.fromkeys([*wanted, label])))
    run.refresh_from_db()


def delete(run: Run, actor: Any) -> None:
    """Delete the run and all its files; refused while a process holds it."""
    with transaction.atomic():
        if Run.objects.select_for_update().filter(pk=run.pk, status__in=ACTIVE).exists():
            raise ActionRefused("This run is at work. Stop it first, then delete it.")
        directory = run.directory
        Run.objects.filter(pk=run.pk).delete()
        transaction.on_commit(lambda: storage.delete_directory(directory))


def announce(run: Run) -> None:
    """Tell the open pages, once it is true for everybody."""
    transaction.on_commit(lambda: broker.publish(run.pk, "status", run_payload(run)))


def _wish(run: Run, actor: Any, control: Run.Control) -> None:
    """Ask the process that holds the run; a wish to stop is never weakened to a pause."""
    held = Run.objects.filter(pk=run.pk, status__in=ACTIVE)
    if control == Run.Control.PAUSE:
        held = held.exclude(control=Run.Control.STOP)
    if not held.update(control=control, control_by=actor):
        raise _refused(run, control.value)
    run.refresh_from_db()


def _enqueue(run: Run, actor: Any, *, frm: tuple[str, ...], reason: str, **values: Any) -> None:
    fresh = values | {"queued_at": timezone.now(), "finished": None, "error": "", "failures": 0, "control": Run.Control.NONE}
    with transaction.atomic():
        if not run.move(Status.QUEUED, frm=frm, reason=reason, actor=actor, **fresh):
            raise _refused(run, "resume" if Status.PAUSED in frm else "retry")
        queue.train()
    announce(run)


def _refused(run: Run, verb: str) -> ActionRefused:
    run.refresh_from_db()
    return ActionRefused(f"You cannot {verb} this run: it is {run.get_status_display().lower()}.")
