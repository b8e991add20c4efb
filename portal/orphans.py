"""Files of runs and datasets without a row, and rows of runs without their file: found, and cleaned.

What a deletion could not delete because the storage failed is found here too: the row that is gone is what remembers it. Files are
left alone for a day, so that nothing is taken that is being written, and so are the files and rows of a run that a process holds:
that process tidies up itself when it goes back to a checkpoint. Rows are deleted only of runs of which storage has other files, and
never those of checkpoints: a storage that is somewhere else for once must cost no run its progress.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils import timezone

from portal import storage
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Artifact, Run, Sample

GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Orphan:
    name: str
    """Of the file in storage."""
    row: Sample | Artifact | None = None
    """That names a file which is gone; None for a file without a row."""

    def clean(self) -> None:
        if self.row is None:
            default_storage.delete(self.name)
        else:
            self.row.delete()


def find() -> Iterator[Orphan]:
    """All there are. None in an installation without any dataset: its database may be another one than that of the files."""
    if not Dataset.objects.exists():
        return
    before = timezone.now() - GRACE
    for pk in _directories("runs"):
        yield from _of_run(pk, before)
    for pk in _directories("datasets"):
        found = list(storage.walk(f"datasets/{pk}"))
        if not Dataset.objects.filter(pk=pk).exists():
            yield from _old(found, before)


def clean() -> int:
    """Clean all; how many there were. What the storage refuses now is found again the next time."""
    count = 0
    for orphan in find():
        try:
            orphan.clean()
        except storage.FAILURES as error:
            storage.log.warning("%s could not be deleted: %s", orphan.name, error)
        else:
            count += 1
    return count


def _directories(prefix: str) -> list[UUID]:
    """The rows to which the directories below `prefix` belong; what has another name was not put there by the portal."""
    try:
        names, _ = default_storage.listdir(prefix)
    except FileNotFoundError:
        return []
    return [pk for name in names if (pk := _uuid(name)) and str(pk) == name]


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _of_run(pk: UUID, before: datetime) -> Iterator[Orphan]:
    found = set(storage.walk(f"runs/{pk}"))  # before the rows: a file that is entered meanwhile has one
    if Run.objects.filter(pk=pk, status__in=ACTIVE).exists():
        return
    rows: dict[str, Sample | Artifact] = {str(sample.image.name): sample for sample in Sample.objects.filter(run=pk).defer("nearest")}
    rows |= {str(artifact.file.name): artifact for artifact in Artifact.objects.filter(run=pk)}
    yield from _old(sorted(found - rows.keys()), before)
    if found & rows.keys():
        for name, row in rows.items():
            if name not in found and row.created < before and getattr(row, "kind", None) != Artifact.Kind.CHECKPOINT:
                yield Orphan(name, row)


def _old(names: list[str], before: datetime) -> Iterator[Orphan]:
    for name in names:
        try:
            if default_storage.get_modified_time(name) < before:
                yield Orphan(name)
        except storage.FAILURES:
            continue  # deleted since it was listed (S3 says so with an error of its own), or to be asked the next time
