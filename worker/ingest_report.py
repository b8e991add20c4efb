"""What the database hears while an archive is checked."""

import time
from collections.abc import Callable

from django.db import transaction

from gan_core.images.archive import Skipped
from portal.datasets.models import Dataset, SkippedFile
from worker.ingest_lease import Lease

REPORT_SECONDS = 0.5
SKIPS_AT_ONCE = 1000


class Report:
    """Tells the database twice a second how far the check is, together with the files skipped since."""

    def __init__(self, dataset: Dataset, lease: Lease) -> None:
        self._dataset = dataset
        self._lease = lease
        self._waiting: list[SkippedFile] = []
        self._skipped = 0
        self._share = 0.0
        self._due = time.monotonic() + REPORT_SECONDS
        self.position: Callable[[], float] = lambda: 0.0
        """How much of the archive is read, 0 to 1. A zip's directory lies at its end, so this may go back."""
        self.sha256 = ""
        """Digest of the archive."""

    def skip(self, item: Skipped) -> None:
        row = SkippedFile(dataset=self._dataset, position=self._skipped, path=item.path[:1000], reason=item.reason, detail=item.detail[:300])
        self._waiting.append(row)
        self._skipped += 1

    def progress(self) -> None:
        if time.monotonic() >= self._due or len(self._waiting) >= SKIPS_AT_ONCE:
            self._share = max(self._share, min(0.99, self.position()))
            self.flush()

    def flush(self) -> None:
        with transaction.atomic():
            self._lease.write(progress=self._share)
            SkippedFile.objects.bulk_create(self._waiting, batch_size=SKIPS_AT_ONCE)
        self._waiting = []
        self._due = time.monotonic() + REPORT_SECONDS
