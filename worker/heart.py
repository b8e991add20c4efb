"""A training worker's signs of life: its row is there from its start to its end and is renewed every few seconds, idle or not.

Once a minute it also counts what the worker's run has used of the device.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from portal.runs.models import Run
from portal.workers.models import Worker
from worker import cores, device

log = logging.getLogger(__name__)

SECONDS = 5.0
"""Between two signs of life, or less where leases are short."""
COUNT_SECONDS = 60.0
"""Between two counts of device time."""


class Heart(threading.Thread):
    """
    Args:
        name: under which the worker claims runs.
        leaving: set when it takes up no more of them.
    """

    def __init__(self, name: str, leaving: threading.Event) -> None:
        super().__init__(name="heart", daemon=True)
        self.row = Worker(name=name, pool=settings.GANVAS_POOL, labels=settings.GANVAS_LABELS)
        self._leaving = leaving
        self._counted = time.monotonic()
        self._looking = device.look()
        if self._looking is None:
            self._know(device.processor())

    def run(self) -> None:
        try:
            cores.mine()  # from now on the others on this machine leave some to this worker
        except OSError as error:
            log.warning("Worker %s cannot share the machine's cores: %s", self.row.name, error)
        seconds = min(SECONDS, settings.GANVAS_LEASE_SECONDS / 4)
        self._patiently(self.beat)
        while not self._leaving.wait(seconds):
            if self._looking is not None and self._looking.poll() is not None:
                self._hear()
            self._patiently(self.beat)
        self._patiently(lambda: Worker.objects.filter(pk=self.row.pk, started=self.row.started).delete())
        connection.close()

    def beat(self) -> None:
        self.row.seen = Now()  # by the clock that tells leases
        self.row.save()
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._counted = time.monotonic()
            for run in Run.objects.active().filter(worker=self.row.name).only("pk"):
                run.count_device_time()

    def _hear(self) -> None:
        """What torch has found."""
        assert self._looking is not None
        told, _ = self._looking.communicate()
        if self._looking.returncode == 0:
            self._know(json.loads(told))
        else:
            log.error("The device %s could not be asked", settings.GANVAS_DEVICE)
        self._looking = None

    def _know(self, columns: dict[str, Any]) -> None:
        for name, value in columns.items():
            setattr(self.row, name, value)

    def _patiently(self, do: Callable[[], Any]) -> None:
        """The next beat makes up for one that the database missed."""
        try:
            do()
        except (DatabaseError, InterfaceError) as error:
            log.warning("Worker %s could not give a sign of life: %s", self.row.name, error)
            connection.close()
