"""The process of one run: `python -m worker.train_run <run> <attempt> <supervisor's process>`. Started by `worker.supervise` only.

SIGTERM: write a checkpoint and leave. SIGUSR1: draw a sheet now. Ends with a code of `worker.exits`.
"""

import os
import signal
import sys

from worker.process import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[3]))  # before anything that takes time
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

    import django

    django.setup()

from types import FrameType

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch, GanCoreError
from gan_core.events import Checkpoint
from portal.runs.control import announce
from portal.runs.models import Run, Status
from worker import exits, prepared
from worker.fence import Superseded, hold
from worker.record import Recorder
from worker.rewind import rewind


class Wishes:
    """What the supervisor has asked for by signal."""

    def __init__(self) -> None:
        self.leave = False
        self.sheet = False
        self.training = False
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGUSR1, self._on_usr1)

    def next(self) -> Request | None:
        """What to ask of the trainer now."""
        if self.leave:
            return "checkpoint"
        wanted, self.sheet = self.sheet, False
        return "sample" if wanted else None

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        self.leave = True
        if not self.training:
            raise SystemExit(exits.LEFT)  # nothing has been learned that a checkpoint could keep

    def _on_usr1(self, number: int, frame: FrameType | None) -> None:
        self.sheet = True
