"""What people keep of a run against retention: single tiles that they like, and checkpoints of their own runs."""

from typing import Any

from django.db import transaction

from portal import storage
from portal.accounts.models import User
from portal.runs.models import Artifact, Favourite, Run, Sample, weigh

FAVOURITES = 200
"""Of one person in one run: each keeps its sheet, whose room the owner of the run pays for."""
PINS = 5
"""Steps of one run: a checkpoint holds both networks, their averages and both optimisers, which may be gigabytes of its owner's storage."""


class NothingThere(Exception):
    """The sheet, tile or checkpoint is not there, or no longer."""


class KeepsEnough(Exception):
    """There are as many as there may be; `str(error)` is a sentence for the user."""


def favour(run: Run, user: Any, sample: int, tile: int) -> tuple[Favourite, bool]:
    """The person's favourite, and whether it is new.

    Raises:
        NothingThere
        KeepsEnough
    """
    with transaction.atomic():
        # Locked, so that the sheet is not thinned away in between.
        sheet = Sample.objects.select_for_update().defer("nearest").filter(run=run, pk=sample).first()
        if sheet is None or tile >= sheet.columns * sheet.rows:
            raise NothingThere
        User.objects.select_for_update().get(pk=user.pk)  # and the person, so that two at a time are counted
        own = Favourite.objects.filter(user=user, sample__run=run)
        if found := own.filter(sample=sheet, tile=tile).first():
            return found, False
        if own.count() >= FAVOURITES:
            raise KeepsEnough(f"{FAVOURITES} pictures of this run are your favourites already. Take one away first.")
        return Favourite.objects.get_or_create(user=user, sample=sheet, tile=tile)


def unfavour(run: Run, user: Any, sample: int, tile: int) -> None:
    """Nothing happens if it is none."""
    Favourite.objects.filter(user=user, sample__run=run, sample=sample, tile=tile).delete()


def pin(run: Run, step: int) -> bool:
    """Keep the checkpoint of that step, with the weights and the card of that step if they are there. Whether that is news.

    Raises:
        NothingThere
        KeepsEnough
    """
    with transaction.atomic():
        _lock(run)
        files = Artifact.objects.filter(run=run)
        if not files.filter(step=step, kind=Artifact.Kind.CHECKPOINT).exists():
            raise NothingThere
        pinned = set(files.filter(pinned=True).values_list("step", flat=True))
        if step not in pinned and len(pinned) >= PINS:
            raise KeepsEnough(f"{PINS} checkpoints of this run are kept already, and each takes much room. Release one first.")
        files.filter(step=step).update(pinned=True)
        return step not in pinned


def unpin(run: Run, step: int) -> None:
    """Leave the files of that step to retention, which the process of a run at work looks after; nothing happens if they are not kept."""
    with transaction.atomic():
        held = _lock(run)
        files = Artifact.objects.filter(run=run)
        if files.filter(step=step).update(pinned=False) and not held.is_active:
            gone = files.superseded()
            files.filter(pk__in=[file.pk for file in gone]).delete()
            weigh(Run.objects.filter(pk=run.pk))
            transaction.on_commit(lambda: storage.discard_files(str(file.file.name) for file in gone))


def _lock(run: Run) -> Run:
    """Its process, which locks the same row, enters a checkpoint either before or after this."""
    held: Run | None = Run.objects.select_for_update(of=("self",)).only("status").filter(pk=run.pk).first()
    if held is None:
        raise NothingThere
    return held
