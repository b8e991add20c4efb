"""Going back, to the last checkpoint before a run goes on, or when training fell apart: what came later has never happened."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from portal import broker
from portal.runs.models import Artifact, LossPoint, Run, Sample, Score
from portal.runs.payloads import rewound_payload
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
    last = -1 if checkpoint is None else checkpoint.step  # without a checkpoint the sheet of step 0 is drawn again
    with transaction.atomic():
        hold(run.pk, attempt, step=max(last, 0))
        take_back(run, last)
    _delete_strays(run)
    known = run.rewinds
    run.refresh_from_db(fields=["rewinds"])
    if run.rewinds != known:
        tell(run, last, "Goes on from its last checkpoint." if checkpoint else "Begins anew.")
    return path


def take_back(run: Run, last: int) -> list[str]:
    """Delete the rows of all steps after `last`, within the caller's transaction. Returns the files to delete once that is committed."""
    later = {"run": run, "step__gt": last}
    files = [*Sample.objects.filter(**later).values_list("image", flat=True), *Artifact.objects.filter(**later).values_list("file", flat=True)]
    deleted = [model.objects.filter(**later).delete()[0] for model in (LossPoint, Score, Sample, Artifact)]
    if any(deleted):
        best = Score.objects.filter(run=run).order_by("kid", "step").values_list("step", flat=True).first()
        Run.objects.filter(pk=run.pk).update(rewinds=F("rewinds") + 1, best_step=best)
        artifacts.mark_best(run, best)
    return files


def tell(run: Run, last: int, message: str) -> None:
    """Have open pages forget what came after that step."""
    run.refresh_from_db(fields=["rewinds"])
    broker.publish(run.pk, "rewound", rewound_payload(last, message, run.rewinds))


def _delete_strays(run: Run) -> None:
    """Files that no row knows: those of the rows above, and what an earlier process had not yet entered when it died."""
    known = set(Sample.objects.filter(run=run).values_list("image", flat=True)) | set(Artifact.objects.filter(run=run).values_list("file", flat=True))
    for directory in (run.directory, f"{run.directory}/samples"):
        try:
            _, files = default_storage.listdir(directory)
        except FileNotFoundError:
            continue
        artifacts.delete_files([name for file in files if (name := f"{directory}/{file}") not in known])
