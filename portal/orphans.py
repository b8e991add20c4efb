"""Files of runs and datasets without a row, and rows of runs without their file: found, and cleaned.

What a deletion could not delete because the storage failed is found here too: the row that is gone is what remembers it. Files are
left alone for a day, so that nothing is taken that is being written, and so are the files and rows of a run that a process holds:
that process tidies up itself when it goes back to a checkpoint. Rows are deleted only of runs of which storage has other files, and
never those of checkpoints: a storage that is somewhere else for once must cost no run its progress.

Directory by directory, so that a pass can end after any of them and the next go on there. In memory are the rows of one run and a
portion of the names in storage, however many there are.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from portal import storage
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Artifact, Run, Sample, weigh
from portal.trail.models import Deed

GRACE = timedelta(days=1)
SECONDS = 3600.0
"""For which a pass goes on at most."""
NOUNS = ("datasets", "runs")
PLACE = "orphans-place"
"""Where the cache keeps the directory after which the next pass begins."""


class Row(NamedTuple):
    """A row that names a file."""

    model: type[Sample] | type[Artifact]
    pk: int
    created: datetime
    is_checkpoint: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    name: str
    """Of the file in storage."""
    row: Row | None = None
    """That names a file which is gone; None for a file without a row."""

    def clean(self) -> None:
        if self.row is None:
            if not _is_needed(self.name):  # it may have been entered since it was listed
                default_storage.delete(self.name)
        else:
            with transaction.atomic():
                rows = self.row.model.objects.filter(pk=self.row.pk).exclude(run__status__in=ACTIVE)
                runs = list(rows.values_list("run", flat=True))
                rows.delete()
                weigh(Run.objects.filter(pk__in=runs))


def find() -> Iterator[Orphan]:
    """All there are."""
    for place in _places():
        yield from _of(place)


def clean() -> int:
    """Clean all; how many there were. What the storage refuses now is found again the next time."""
    return sum(map(_cleaned, find()))


def clean_on(is_over: Callable[[], bool]) -> int:
    """Clean from where the last pass ended, until `is_over` or for SECONDS; how many there were. After the last directory comes the first."""
    end = time.monotonic() + SECONDS
    count, done = _clean_after(cache.get(PLACE, ""), lambda: is_over() or time.monotonic() > end)
    cache.set(PLACE, done, None)
    return count


def _clean_after(done: str, is_over: Callable[[], bool]) -> tuple[int, str]:
    """How many there were, and the last directory that is done; blank if that was the last of all."""
    count = 0
    for place in _places(done):
        for orphan in _of(place):
            count += _cleaned(orphan)
            if is_over():
                return count, done
        done = place
        if is_over():
            return count, done
    return count, ""


def _cleaned(orphan: Orphan) -> bool:
    try:
        orphan.clean()
    except storage.FAILURES as error:
        storage.log.warning("%s could not be deleted: %s", orphan.name, error)
        return False
    return True


def _places(done: str = "") -> Iterator[str]:
    """Directories of datasets and runs, in order, after that one. What has another name was not put there by the portal.

    None in an installation that never had a dataset: its database may be another one than that of the files.
    """
    if not Dataset.objects.exists() and not Deed.objects.exists():
        return
    for noun in NOUNS:
        after = done.removeprefix(f"{noun}/") if done.startswith(f"{noun}/") else ""
        if after or done < noun:
            yield from (f"{noun}/{name}" for name in storage.directories(noun, after) if _is_uuid(name))


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _of(place: str) -> Iterator[Orphan]:
    """What is to be cleaned of a directory; nothing if the storage does not list it now."""
    noun, _, pk = place.partition("/")
    before = timezone.now() - GRACE
    try:
        yield from _of_run(UUID(pk), before) if noun == "runs" else _of_dataset(UUID(pk), before)
    except storage.FAILURES as error:
        storage.log.warning("%s could not be listed: %s", place, error)


def _of_dataset(pk: UUID, before: datetime) -> Iterator[Orphan]:
    row = _dataset(pk)
    for name in storage.walk(f"datasets/{pk}"):
        if not _is_of_dataset(name, row) and _is_old(name, before):
            yield Orphan(name)


def _dataset(pk: UUID) -> tuple[str, int] | None:
    """Status and attempt of a dataset that there is."""
    return Dataset.objects.filter(pk=pk).values_list("status", "attempt").first()


def _is_of_dataset(name: str, row: tuple[str, int] | None) -> bool:
    """Whether a dataset has the file: all of its own until its archive is checked, then none that another attempt has made of the archive."""
    if row is None:
        return False
    status, attempt = row
    place = name.split("/")[2]
    if not place.startswith("checked-") or status not in (Dataset.Status.READY, Dataset.Status.FAILED):
        return True
    return status == Dataset.Status.READY and place == f"checked-{attempt}"


def _of_run(pk: UUID, before: datetime) -> Iterator[Orphan]:
    if Run.objects.active().filter(pk=pk).exists():
        return
    rows = dict(_rows(pk))
    missing = dict(rows)
    for name in storage.walk(f"runs/{pk}"):
        if name in rows:
            missing.pop(name, None)
        elif _is_old(name, before):
            yield Orphan(name)
    if len(missing) < len(rows):
        yield from (Orphan(name, row) for name, row in missing.items() if row.created < before and not row.is_checkpoint)


def _rows(pk: UUID) -> Iterator[tuple[str, Row]]:
    """By the file that they name, those of a run."""
    for image, key, created in Sample.objects.filter(run=pk).values_list("image", "pk", "created").iterator():
        yield image, Row(Sample, key, created)
    for file, key, created, kind in Artifact.objects.filter(run=pk).values_list("file", "pk", "created", "kind").iterator():
        yield file, Row(Artifact, key, created, kind == Artifact.Kind.CHECKPOINT)


def _is_needed(name: str) -> bool:
    """Whether a row names the file by now, or a process holds its run."""
    noun, directory, _ = name.split("/", 2)
    pk = UUID(directory)
    if noun == "datasets":
        return _is_of_dataset(name, _dataset(pk))
    entered = (rows.filter(run=pk) for rows in (Sample.objects.filter(image=name), Artifact.objects.filter(file=name)))
    return Run.objects.active().filter(pk=pk).exists() or any(rows.exists() for rows in entered)


def _is_old(name: str, before: datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < before
    except storage.FAILURES:
        return False  # deleted since it was listed (S3 says so with an error of its own), or to be asked the next time
