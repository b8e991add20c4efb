"""Going back, to the last checkpoint before a run goes on, or when training fell apart: what came later has never happened."""

import re
from functools import partial
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from gan_core.errors import GanCoreError
from portal import broker
from portal.runs.models import Artifact, LossPoint, Run, Sample, Score, weigh
from portal.runs.payloads import rewound_payload
from worker import artifacts
from worker.fence import hold
from worker.patience import STORAGE_SECONDS, patiently

MADE = re.compile(r"(?:[a-z]+-)?\d+-(\d+)")
"""Beginning of a file's name; the attempt that made it."""


def rewind(run: Run, attempt: int, work: Path) -> Path | None:
    """Delete rows and files later than the newest intact checkpoint; the file to resume from, or None to start at step 0.

    Raises:
        Superseded: the run is no longer that attempt's.
        GanCoreError: it had checkpoints, and storage has none of them. Nothing is deleted then: storage may only be somewhere else.
    """
    checkpoint, path = _newest_intact(run, work)
    last = -1 if checkpoint is None else checkpoint.step  # without a checkpoint the sheet of step 0 is drawn again

    def enter() -> None:
        with transaction.atomic():
            hold(run.pk, attempt, step=max(last, 0))
            take_back(run, last)

    patiently(enter)
    _delete_strays(run, attempt)
    known = run.rewinds
    run.refresh_from_db(fields=["rewinds"])
    if run.rewinds != known:
        tell(run, last, "Goes on from its last checkpoint." if checkpoint else "Begins anew.")
    return path


def _newest_intact(run: Run, work: Path) -> tuple[Artifact, Path] | tuple[None, None]:
    """The checkpoint to go on from, and its file; nothing if there is no checkpoint yet."""
    candidates = list(run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).order_by("-step"))
    for candidate in candidates:
        if (path := patiently(partial(artifacts.intact, candidate, work), STORAGE_SECONDS)) is not None:
            return candidate, path
        print(f"The checkpoint of step {candidate.step} is damaged and left out.", flush=True)
    if candidates:
        raise GanCoreError("None of its checkpoints can be read: they are damaged, or storage is not where it was. Try again when it is back.")
    return None, None


def take_back(run: Run, last: int) -> list[str]:
    """Delete the rows of all steps after `last`, within the caller's transaction. Returns the files to delete once that is committed."""
    later = {"run": run, "step__gt": last}
    files = [*Sample.objects.filter(**later).values_list("image", flat=True), *Artifact.objects.filter(**later).values_list("file", flat=True)]
    deleted = [model.objects.filter(**later).delete()[0] for model in (LossPoint, Score, Sample, Artifact)]
    if any(deleted):
        best = Score.objects.filter(run=run).order_by("kid", "step").values_list("step", flat=True).first()
        Run.objects.filter(pk=run.pk).update(rewinds=F("rewinds") + 1, best_step=best)
        artifacts.mark_best(run, best)
        weigh(Run.objects.filter(pk=run.pk))
    return files


def tell(run: Run, last: int, message: str) -> None:
    """Have open pages forget what came after that step."""
    run.refresh_from_db(fields=["rewinds"])
    broker.publish(run.pk, "rewound", rewound_payload(last, message, run.rewinds))


def known_files(run: Run) -> set[str]:
    """Names of the files that rows of the run name."""
    return {*Sample.objects.filter(run=run).values_list("image", flat=True), *Artifact.objects.filter(run=run).values_list("file", flat=True)}


def _delete_strays(run: Run, attempt: int) -> None:
    """Files that no row knows: those of the rows above, and what an earlier process had not yet entered when it died.

    Not those of later attempts: this one may have been frozen since it held the run, and theirs may be about to be entered.
    """
    known = known_files(run)
    for directory in (run.directory, f"{run.directory}/samples"):
        try:
            _, files = patiently(partial(default_storage.listdir, directory), STORAGE_SECONDS)
        except FileNotFoundError:
            continue
        strays = [name for name in files if f"{directory}/{name}" not in known and (made := MADE.match(name)) and int(made[1]) <= attempt]
        artifacts.delete_files(f"{directory}/{name}" for name in strays)
