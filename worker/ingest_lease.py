"""The claim on a dataset while its archive is checked."""

import threading
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from portal.datasets.models import Dataset
from portal.leases import lease_end


class Superseded(Exception):
    """The dataset is no longer this attempt's: it was given to another worker, or deleted."""


class Lease:
    """Renews itself on a thread: fetching or storing one large file may take longer than the lease."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{dataset.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def held(self) -> QuerySet[Dataset]:
        """The dataset, while this attempt holds it."""
        return Dataset.objects.filter(pk=self._dataset.pk, attempt=self._dataset.attempt, status=Dataset.Status.PROCESSING)

    def give_back(self, *, later: bool = False) -> None:
        """Let the next worker take it, at once or when a lease has passed; this attempt does not count."""
        self._done.set()
        self._thread.join()
        self.held().update(excused=self._dataset.excused + 1, lease_expires=lease_end() if later else Now())

    def write(self, **values: Any) -> None:
        """One fenced UPDATE. Raises Superseded."""
        if not self.held().update(**values):
            raise Superseded

    def _renew(self) -> None:
        try:
            while not self._done.wait(settings.GANVAS_LEASE_SECONDS / 4):
                try:
                    if not self.held().update(lease_expires=lease_end()):
                        return  # the next write of the check finds out by itself
                except DatabaseError:
                    connection.close()  # a database that restarts; there are three more tries in a lease
        finally:
            connection.close()
