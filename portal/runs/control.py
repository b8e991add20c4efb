"""What people may do to a run: hold, release, move, pause, resume, stop, retry, draw a sheet now, delete.

A waiting run obeys at once. A run that a process holds gets a wish (`Run.control`), which its supervisor reads.
"""

from datetime import timedelta
from typing import Any, Literal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from portal import broker, queue, storage
from portal.accounts.quota import QuotaExceeded, require_turn
from portal.runs.models import Run, Status
from portal.runs.payloads import run_payload
from portal.trail.models import Deed


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


def hold(run: Run, actor: Any) -> None:
    """Keep a waiting run from being taken up, until `release`."""
    _set_held(run, actor, True, "Held back", "hold")
    announce(run)


def release(run: Run, actor: Any) -> None:
    """Let a run that was held back take its turn."""
    with transaction.atomic():
        _set_held(run, actor, False, "Released", "release")
        queue.train()
    announce(run)


def move(run: Run, actor: Any, direction: Literal["up", "down"]) -> None:
    """Let a waiting run change places with the one of its owner that is before it, or after it."""
    with transaction.atomic():
        run.owner.lock()
        run.refresh_from_db()
        if run.status != Status.QUEUED:
            raise _refused(run, "move")
        own = Run.objects.filter(owner=run.owner, status=Status.QUEUED, held=run.held).order_by("-priority", "queued_at", "pk")
        waiting = list(own.only("name", "priority", "queued_at", "status", "worker", "step"))
        place = [one.pk for one in waiting].index(run.pk) + (-1 if direction == "up" else 1)
        if not 0 <= place < len(waiting):
            raise ActionRefused(f"It is the {'first' if direction == 'up' else 'last'} of its owner's waiting runs already.")
        other = waiting[place]
        if other.priority != run.priority:
            raise ActionRefused(f"“{other.name}” has another priority, which comes before the order. Change the priority of one of them.")
        _change_places(*((run, other) if direction == "up" else (other, run)))
        run.refresh_from_db()
        run.note(f"Moved {direction} in the queue", actor)
        other.note(f"Moved {'down' if direction == 'up' else 'up'} in the queue, by a move of another run", actor)


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
        row = Run.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=run.pk).first()
        if row is None:
            return  # somebody else was quicker
        if row.is_active:
            raise ActionRefused("This run is at work. Stop it first, then delete it.")
        stored = [rows.aggregate(total=Sum("bytes"))["total"] or 0 for rows in (run.samples, run.artifacts)]
        directory = run.directory
        Deed.objects.record(row, actor, "Deleted", freed=sum(stored))
        Run.objects.filter(pk=run.pk).delete()
        transaction.on_commit(lambda: storage.discard_directory(directory))


def announce(run: Run) -> None:
    """Tell the open pages, once it is true for everybody."""
    transaction.on_commit(lambda: broker.publish(run.pk, "status", run_payload(run)))


def _set_held(run: Run, actor: Any, held: bool, reason: str, verb: str) -> None:
    with transaction.atomic():
        run.owner.lock()  # a worker that is about to claim it has either done so, or sees it held back
        if not Run.objects.filter(pk=run.pk, status=Status.QUEUED).exists():
            raise _refused(run, verb)
        if not Run.objects.filter(pk=run.pk, held=not held).exists():
            raise ActionRefused(f"You cannot {verb} this run: it is {'held back already' if held else 'not held back'}.")
        run.move(Status.QUEUED, frm=(Status.QUEUED,), reason=reason, actor=actor, held=held)


def _change_places(later: Run, earlier: Run) -> None:
    """Put `later` where `earlier` is, and the other way round."""
    first = earlier.queued_at - timedelta(microseconds=1) if earlier.queued_at == later.queued_at else earlier.queued_at
    Run.objects.filter(pk=earlier.pk).update(queued_at=later.queued_at)
    Run.objects.filter(pk=later.pk).update(queued_at=first)


def _wish(run: Run, actor: Any, control: Run.Control) -> None:
    """Ask the process that holds the run; a wish to stop is never weakened to a pause."""
    with transaction.atomic():
        held = Run.objects.active().select_for_update(of=("self",)).filter(pk=run.pk).select_related("control_by").first()
        if held is None or (control, held.control) == (Run.Control.PAUSE, Run.Control.STOP):
            raise _refused(run, control.value)
        if held.control != control:  # asked twice, the deed is the first one's
            if held.control:
                held.note(f"Asked to {held.control}, and then to {control}", held.control_by)
            Run.objects.filter(pk=run.pk).update(control=control, control_by=actor)
    run.refresh_from_db()


def _enqueue(run: Run, actor: Any, *, frm: tuple[str, ...], reason: str, **values: Any) -> None:
    fresh = values | {"queued_at": timezone.now(), "finished": None, "error": "", "failures": 0, "control": Run.Control.NONE, "held": False}
    with transaction.atomic():
        run.owner.lock()
        try:
            require_turn(run.owner)
        except QuotaExceeded as error:
            raise ActionRefused(str(error)) from error
        if not run.move(Status.QUEUED, frm=frm, reason=reason, actor=actor, **fresh):
            raise _refused(run, "resume" if Status.PAUSED in frm else "retry")
        queue.train()
    announce(run)


def _refused(run: Run, verb: str) -> ActionRefused:
    run.refresh_from_db()
    return ActionRefused(f"You cannot {verb} this run: it is {run.get_status_display().lower()}.")
