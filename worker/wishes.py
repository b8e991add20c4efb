"""What a run's process is asked for by signal. SIGTERM: write a checkpoint and leave. SIGUSR1: sheets are wanted, its row says which."""

import signal
import uuid
from types import FrameType
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connection, transaction

from gan_core.events import ClassSheet
from portal.runs.models import Run
from worker import exits

if TYPE_CHECKING:
    from gan_core.train import Request  # brings torch, which is imported when all else is ready


class Wishes:
    """The signals of the supervisor, as requests to the trainer."""

    def __init__(self, run_id: uuid.UUID | str, attempt: int) -> None:
        self.leave = False
        self.training = False
        self._sheet = False
        self._run_id = run_id
        self._attempt = attempt
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGUSR1, self._on_usr1)

    def next(self) -> "Request | None":
        """What to ask of the trainer now."""
        if self.leave:
            return "checkpoint"
        return self._next_sheet() if self._sheet else None

    def _next_sheet(self) -> "Request | None":
        try:
            wish = take_sheet_wish(self._run_id, self._attempt)
        except (OperationalError, InterfaceError):
            connection.close()
            return None  # asked again after the next event
        self._sheet = wish is not None  # there may be more of them
        return wish

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        self.leave = True
        if not self.training:
            raise SystemExit(exits.LEFT)  # nothing has been learned that a checkpoint could keep

    def _on_usr1(self, number: int, frame: FrameType | None) -> None:
        self._sheet = True


def take_sheet_wish(run_id: uuid.UUID | str, attempt: int) -> "Request | None":
    """The next sheet that the owner wants, struck off the run's row; None if there is none, or the run is no longer that attempt's."""
    held = Run.objects.held_by(run_id, attempt)
    with transaction.atomic():
        series, classes = held.select_for_update().values_list("sample_wanted", "class_sheets_wanted").first() or (False, [])
        if series:
            held.update(sample_wanted=False)
            return "sample"
        if classes:
            held.update(class_sheets_wanted=classes[1:])
            return ClassSheet(classes[0])
    return None
