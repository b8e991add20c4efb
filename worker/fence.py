"""The fence around a run: only the attempt that holds it may write."""

import uuid
from typing import Any

from django.utils import timezone

from portal.runs.models import Run


class Superseded(Exception):
    """The run is no longer this attempt's: it was given to another worker, ended, or deleted."""


def hold(run_id: uuid.UUID, attempt: int, **values: Any) -> None:
    """The first statement of every transaction of a run's process: refuses it, or locks the run until the commit.

    `values` are columns of the run to set with it.

    Raises:
        Superseded
    """
    if not Run.objects.held_by(run_id, attempt).update(updated=timezone.now(), **values):
        raise Superseded(f"Attempt {attempt} no longer holds run {run_id}")
