"""Checkpoints, weights and model card of a run: from the work directory into storage, where every node finds them.

Files carry step and attempt in their names, so that no attempt ever writes over another's, and what is stored for a step once
more gets another name: until it is entered, what was there before counts.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Max

from gan_core.events import Checkpoint
from portal.runs.models import Artifact, Run, weigh
from worker.patience import STORAGE_SECONDS, patiently


def upload(run: Run, attempt: int, checkpoint: Checkpoint, card: str) -> list[Artifact]:
    """Store the files of a checkpoint; the rows are made but not yet saved."""
    known = Artifact.objects.filter(run=run, attempt=attempt, step=checkpoint.step)
    before = patiently(lambda: known.aggregate(Max("pk"))["pk__max"])
    ending = str(attempt) if before is None else f"{attempt}-{before}"
    stored = []
    for kind, path in ((Artifact.Kind.CHECKPOINT, checkpoint.path), (Artifact.Kind.WEIGHTS, checkpoint.weights)):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        stored.append(_store(run, attempt, kind, checkpoint, ending, partial(_open, path), path.stat().st_size, digest))
    text = card.encode()
    digest = hashlib.sha256(text).hexdigest()
    stored.append(_store(run, attempt, Artifact.Kind.CARD, checkpoint, ending, partial(BytesIO, text), len(text), digest))
    return stored


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _store(
    run: Run, attempt: int, kind: Artifact.Kind, checkpoint: Checkpoint, ending: str, read: Callable[[], IO[bytes]], size: int, digest: str
) -> Artifact:
    suffix = "md" if kind == Artifact.Kind.CARD else "safetensors"
    name = store(f"{run.directory}/{kind.value}-{checkpoint.step}-{ending}.{suffix}", read)
    made = {"step": checkpoint.step, "best": checkpoint.best, "bytes": size, "sha256": digest}
    return Artifact(run=run, attempt=attempt, kind=kind, file=name, **made)


def store(name: str, read: Callable[[], IO[bytes]]) -> str:
    """Save what `read` opens under that name, which no other process uses; waits for a storage that is out of reach or full. The name it got."""

    def save() -> str:
        try:
            with read() as content:
                return default_storage.save(name, File(content))
        except OSError:
            with suppress(OSError):
                default_storage.delete(name)  # what did not fit would have no row
            raise

    return patiently(save, STORAGE_SECONDS)


def register(run: Run, stored: list[Artifact]) -> list[str]:
    """Save the rows in place of any of the same step, and delete older ones. Returns the names of files to delete once this is committed."""
    known = Artifact.objects.filter(run=run)
    if known.filter(file__in=names(stored)).exists():
        return []  # entered already, when the answer of the database was lost
    stale = list(known.filter(step=stored[0].step))
    known.filter(pk__in=[artifact.pk for artifact in stale]).delete()
    if stored[0].best:
        known.update(best=False)
    for artifact in stored:
        artifact.pk = None  # of a first try, which was rolled back
        artifact.pinned = any(before.pinned for before in stale)
    Artifact.objects.bulk_create(stored)
    stale += known.superseded()
    known.filter(pk__in=[artifact.pk for artifact in stale]).delete()
    weigh(Run.objects.filter(pk=run.pk))
    return names(stale)


def mark_best(run: Run, step: int | None) -> None:
    """The files of that step are those with the best score, if they are still there."""
    Artifact.objects.filter(run=run, best=True).update(best=False)
    if step is not None:
        Artifact.objects.filter(run=run, step=step).update(best=True)


def names(artifacts: Iterable[Artifact]) -> list[str]:
    return [str(artifact.file.name) for artifact in artifacts]


def delete_files(files: Iterable[str]) -> None:
    for name in files:
        patiently(partial(default_storage.delete, name), STORAGE_SECONDS)


def intact(artifact: Artifact, work: Path) -> Path | None:
    """The artifact as a local file, where storage is remote a copy in `work`; None if it is missing or altered."""
    try:
        with artifact.file.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != artifact.sha256:
                return None
            try:
                return Path(artifact.file.path)
            except NotImplementedError:
                path = work / Path(str(artifact.file.name)).name
                file.seek(0)
                with path.open("wb") as copy:
                    for chunk in artifact.file.chunks():
                        copy.write(chunk)
                return path
    except FileNotFoundError:
        return None
