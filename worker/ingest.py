"""Checks a dataset's archive: every file decoded once, what is usable listed, what is not skipped with a reason.

Like a run, a check is claimed with a lease and an attempt; every write is fenced by that attempt, so a worker that was
thought dead and comes back does no harm.
"""

import hashlib
import logging
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import F, Q

from gan_core.errors import ArchiveRefused
from gan_core.images.archive import Item, Limits, Member, Skipped, members
from gan_core.images.manifest import Manifest
from gan_core.images.ordered import in_order
from gan_core.images.survey import Inventory, Seen, weight
from portal import storage
from portal.datasets import pictures, samples
from portal.datasets.models import Dataset, SkippedFile
from portal.leases import ended, lease_end
from worker.examined import examine
from worker.ingest_lease import Lease, Superseded
from worker.ingest_report import Report
from worker.patience import is_passing, patiently

log = logging.getLogger(__name__)

OUR_FAULT = "Checking these pictures failed through no fault of theirs. The administrator finds the reason in the worker's log."


class Stopped(Exception):
    """The worker is to leave."""


def ingest(dataset_id: UUID | str, stopping: Callable[[], bool] = lambda: False) -> None:
    """Check the dataset's archive, unless somebody else is at it or it is done.

    `stopping` is asked between pictures; when true the claim is given back, for the next worker to start afresh.
    """
    dataset = _claim(dataset_id)
    if dataset is None:
        return
    with Lease(dataset) as lease:
        try:
            _check(dataset, lease, stopping)
        except ArchiveRefused as refusal:
            _refuse(dataset, lease, str(refusal))
        except Superseded:
            _discard(dataset)
        except Stopped:
            lease.give_back()
            _discard(dataset)
        except Exception as error:
            if is_passing(error):
                log.warning("Dataset %s: storage, disk or database are out of reach or full, it is checked later: %s", dataset.pk, error)
                patiently(lambda: lease.give_back(later=True))
                _discard(dataset)
                return
            lease.held().update(status=Dataset.Status.FAILED, error=OUR_FAULT, lease_expires=None)
            _discard(dataset)
            raise


def limits() -> Limits:
    """The installation's limits on archives."""
    return Limits(
        archive_bytes=settings.GANVAS_ARCHIVE_BYTES,
        entries=settings.GANVAS_ARCHIVE_ENTRIES,
        unpacked_bytes=settings.GANVAS_UNPACKED_BYTES,
        pixels=settings.GANVAS_PICTURE_PIXELS,
    )


def _claim(dataset_id: UUID | str) -> Dataset | None:
    """One conditional UPDATE, as for runs. After too many attempts nobody takes it any more; the reaper says so."""
    free = Q(lease_expires=None) | ended()
    worth = {"status": Dataset.Status.PROCESSING, "attempt__lt": settings.GANVAS_MAX_FAILURES + F("excused")}
    waiting = Dataset.objects.filter(free, pk=dataset_id, **worth)
    with transaction.atomic():
        if not waiting.update(attempt=F("attempt") + 1, lease_expires=lease_end(), progress=0):
            return None
        SkippedFile.objects.filter(dataset_id=dataset_id).delete()
        return Dataset.objects.get(pk=dataset_id)


def _check(dataset: Dataset, lease: Lease, stopping: Callable[[], bool]) -> None:
    if dataset.sample and not dataset.archive:
        _build_sample(dataset, lease)
    inventory = Inventory()
    with pictures.Writer() as writer:
        report = Report(dataset, lease)
        with closing(_examined(dataset, report)) as items:
            for member, (item, small) in items:
                inventory.add(item)
                if isinstance(item, Skipped):
                    report.skip(item)
                elif isinstance(member, Member):
                    writer.add(member.data, small)
                report.progress()
                if stopping():
                    raise Stopped
        manifest = inventory.manifest()
        report.flush()
        stored = writer.store(dataset, manifest)
    _finish(dataset, lease, manifest, stored, report.sha256)


def _examined(dataset: Dataset, report: Report) -> Generator[tuple[Item, tuple[Seen, bytes]], None, None]:
    """Every file of the archive, and what it is."""
    bounds = limits()
    try:
        opened = dataset.archive.open("rb")
    except FileNotFoundError as error:
        raise ArchiveRefused("The archive is no longer in storage. Upload it again.") from error
    with opened as archive:
        report.sha256 = hashlib.file_digest(cast(Any, archive), "sha256").hexdigest()
        archive.seek(0)
        size = max(1, archive.size)
        report.position = lambda: archive.tell() / size
        yield from in_order(partial(examine, limits=bounds), members(cast(BinaryIO, archive), bounds), weight)


def _build_sample(dataset: Dataset, lease: Lease) -> None:
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as scratch:
        file = cast(BinaryIO, scratch)
        try:
            samples.build(dataset.sample, file)
        except LookupError as error:
            raise ArchiveRefused("This sample collection is not installed on the worker.") from error
        size = file.tell()
        file.seek(0)
        dataset.archive.save("archive", File(file), save=False)
    lease.write(archive=dataset.archive.name, archive_name=f"{dataset.sample}.zip", bytes=size)


def _finish(dataset: Dataset, lease: Lease, manifest: Manifest, stored: int, sha256: str) -> None:
    lease.write(
        status=Dataset.Status.READY,
        progress=1,
        lease_expires=None,
        error="",
        bytes=dataset.archive.size + stored,
        sha256=sha256,
        image_count=len(manifest),
        skipped_count=manifest.skipped,
        duplicates=manifest.duplicates,
        transparent_count=manifest.transparent,
        annotated=manifest.annotated,
        boxes=manifest.boxes,
        classes=manifest.classes,
        modes=manifest.modes,
        width=manifest.width,
        height=manifest.height,
    )
    for attempt in range(1, dataset.attempt):  # what workers that died on the way have left
        storage.discard_directory(f"{dataset.directory}/checked-{attempt}")


def _refuse(dataset: Dataset, lease: Lease, sentence: str) -> None:
    """The archive is of no use: nothing but the sentence stays."""
    with transaction.atomic():
        ours = lease.held().update(status=Dataset.Status.FAILED, error=sentence, lease_expires=None, archive="", bytes=0)
        if ours:
            SkippedFile.objects.filter(dataset=dataset).delete()
    if ours:
        storage.discard_directory(dataset.directory)
    else:
        _discard(dataset)


def _discard(dataset: Dataset) -> None:
    """Delete what this attempt has written, unless it has come through after all: of a commit whose answer was lost only the database knows. All of
    the dataset, when that itself is gone.
    """
    now = Dataset.objects.filter(pk=dataset.pk).values_list("status", "attempt").first()
    if now is None:
        storage.discard_directory(dataset.directory)
    elif now != (Dataset.Status.READY, dataset.attempt):
        storage.discard_directory(pictures.place(dataset))
