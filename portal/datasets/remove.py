"""Remove: delete a dataset with all its files, unless a run needs it."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from portal import storage
from portal.datasets.models import Dataset
from portal.trail.models import Deed


class RemovalRefused(Exception):
    """Runs need the dataset; `str(error)` names them."""


def remove(dataset: Dataset, actor: Any) -> None:
    """Delete the dataset. Its runs must be deleted first.

    Raises:
        RemovalRefused
    """
    directory = dataset.directory
    try:
        with transaction.atomic():
            if held := Dataset.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=dataset.pk).first():
                Deed.objects.record(held, actor, "Deleted", freed=held.bytes)
            Dataset.objects.filter(pk=dataset.pk).delete()
            transaction.on_commit(lambda: storage.discard_directory(directory))
    except ProtectedError as error:
        raise RemovalRefused(needed_by(dataset, actor)) from error


def needed_by(dataset: Dataset, actor: Any) -> str:
    """Which runs need it, in a sentence; runs the actor may not see are only counted. Empty if none does."""
    total = dataset.runs.count()
    if not total:
        return ""
    names = [f"“{name}”" for name in dataset.runs.visible_to(actor).values_list("name", flat=True)[:3]]
    others = total - len(names)
    if others:
        names.append(f"{others} other{'s' if others > 1 else ''}" if names else f"{others} private run{'s' if others > 1 else ''}")
    return f"Needed by {_listed(names)}. Delete {'that run' if total == 1 else 'these runs'} first."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
