"""Before a run goes on: back to its last checkpoint, as if nothing had happened after it."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from portal.runs.models import Artifact, LossPoint, Run, Sample
from worker import artifacts
from worker.fence import hold


def rewind(run: Run, attempt: int, work: Path) -> Path | None:
    """Delete rows and files later than the newest intact checkpoint; the file to resume from, or None to start at step 0.

    Raises:
        Superseded: the run is no longer that attempt's.
    """
    checkpoint, path = None, None
    for candidate in run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).order_by("-step"):
        if (path := artifacts.intact(candidate, work)) is not None:
            checkpoint = candidate
            break
        print(f"The checkpoint of step {candidate.step} is damaged and left out.", flush=True)
    step = 0 if checkpoint is None else checkpoint.step
    first = step + 1 if checkpoint else 0  # without a checkpoint the sheet of step 0 is drawn again
    with transaction.atomic():
        hold(run.pk, attempt, step=step)
        LossPoint.objects.filter(run=run, step__gte=first).delete()
        Sample.objects.filter(run=run, step__gte=first).delete()
        Artifact.objects.filter(run=run, step__gte=first).delete()
    _delete_strays(run)
    return path


def _delete_strays(run: Run) -> None:
    """Files that no row knows: those of the rows above, and what an earlier process had not yet entered when it died."""
    known = set(Sample.objects.filter(run=run).values_list("image", flat=True)) | set(Artifact.objects.filter(run=run).values_list("file", flat=True))
    for directory in (run.directory, f"{run.directory}/samples"):
        try:
            _, files = default_storage.listdir(directory)
        except FileNotFoundError:
            continue
        artifacts.delete_files([name for file in files if (name := f"{directory}/{file}") not in known])
