"""The auditor: whether runs are as if nothing had ever happened to them, from database and storage alone."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from django.core.files.storage import default_storage
from safetensors.numpy import load

from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Losses
from gan_core.images.store import ImageStore
from gan_core.train import train
from portal import storage
from portal.datasets.models import Dataset
from portal.runs.models import ENDED, Artifact, Run, Status
from worker import prepared


class Outcome(NamedTuple):
    """What an undisturbed training leaves."""

    losses: list[tuple[int, float, float]]
    """(step, discriminator, generator)"""
    weights: dict[str, np.ndarray]


@cache
def undisturbed(config: TrainConfig, archive: str) -> Outcome:
    """What gan_core alone makes of the pictures in the archive with that checksum, on one thread of the processor."""
    images = prepared.images(Dataset.objects.filter(sha256=archive)[0], config)
    with ThreadPoolExecutor(1) as pool:  # a thread's stack is flat; on pytest's deep one every step takes twice as long
        return pool.submit(_train_alone, config, images).result()


def _train_alone(config: TrainConfig, images: ImageStore) -> Outcome:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the processes of the campaign, and of tests
    try:
        with TemporaryDirectory() as directory:
            events = list(train(config, images, Path(directory), device="cpu"))
            losses = [(event.step, event.discriminator, event.generator) for event in events if isinstance(event, Losses)]
            return Outcome(losses, load([event.weights for event in events if isinstance(event, Checkpoint)][-1].read_bytes()))
    finally:
        torch.set_num_threads(threads)


def problems(run: Run) -> list[str]:
    """What is wrong with a run that should have been completed; nothing if it is as an undisturbed one of the same seed."""
    run.refresh_from_db()
    expected = undisturbed(run.train_config.model_copy(update=CHANGES_NOTHING), run.dataset.sha256)
    return [*_state(run), *_history(run), *_points(run, expected), *_weights(run, expected), *_files(run)]


def dataset_problems(dataset: Dataset, example: Dataset) -> Iterator[str]:
    """What is wrong with a dataset that should have been checked as another with the same archive, which nothing happened to."""
    for each in (dataset, example):
        each.refresh_from_db()
    if dataset.status != Dataset.Status.READY or dataset.lease_expires:
        yield f"It is {dataset.status}: {dataset.error or 'no reason given'}"
        return
    yield from (f"Its {name} is another" for name in FOUND if getattr(dataset, name) != getattr(example, name))
    if dataset.skipped.count() != dataset.skipped_count:
        yield "Its list of skipped files has a gap, or one twice"
    expected = _contents(example)
    found = _contents(dataset)
    yield from (f"The file {name} is missing" for name in sorted(expected.keys() - found.keys()))
    yield from (f"No row knows the file {name}" for name in sorted(found.keys() - expected.keys()))
    yield from (f"The file {name} has other contents" for name in sorted(expected.keys() & found.keys()) if found[name] != expected[name])


FOUND = ("sha256", "bytes", "image_count", "skipped_count", "duplicates", "transparent_count", "classes", "modes", "width", "height")
"""Columns of a dataset that follow from its archive."""


def _contents(dataset: Dataset) -> dict[str, str]:
    """Checksum by name of each file, those of the attempt that came through as if it had been the first. What attempts before it have left is the
    daily cleaning's."""
    contents = {}
    for path in storage.walk(dataset.directory):
        name = path.removeprefix(f"{dataset.directory}/").replace(f"checked-{dataset.attempt}/", "checked/")
        if not name.startswith("checked-"):
            with default_storage.open(path) as file:
                contents[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return contents


CHANGES_NOTHING = {"score_samples": 0, "checkpoint_every_seconds": 1.0}
"""Settings without effect on what is learned, as the auditor trains with them."""


def _state(run: Run) -> Iterator[str]:
    if run.status != Status.COMPLETED:
        yield f"It is {run.status}: {run.error or 'no reason given'}"
    if run.status in ENDED and (run.lease_expires or run.control or not run.finished):
        yield "It has ended, and is still held, or asked for something, or has no time of its end"


def _history(run: Run) -> Iterator[str]:
    moves = list(run.transitions.order_by("pk").values_list("frm", "to"))
    if moves[0] != ("", Status.QUEUED) or any(before[1] != after[0] for before, after in pairwise(moves)) or moves[-1][1] != run.status:
        yield f"Its history has a gap: {moves}"


def _points(run: Run, expected: Outcome) -> Iterator[str]:
    found = list(run.losses.order_by("step").values_list("step", "discriminator", "generator"))
    steps, wanted = [step for step, *_ in found], [step for step, *_ in expected.losses]
    if steps != wanted:
        yield f"Loss points are missing at {sorted({*wanted} - {*steps})[:5]}, too many at {sorted({*steps} - {*wanted})[:5]}"
    elif found != expected.losses:
        yield "Loss points have other values"
    attempts = list(run.losses.order_by("step").values_list("attempt", flat=True))
    if attempts != sorted(attempts) or any(attempt > run.attempt for attempt in attempts):
        yield "A loss point was written by an attempt that no longer held the run"


def _weights(run: Run, expected: Outcome) -> Iterator[str]:
    newest = run.artifacts.filter(kind=Artifact.Kind.WEIGHTS).order_by("-step").first()  # the best may stay beside them
    if newest is None or newest.step != run.step:
        yield "It has no final weights"
        return
    if not default_storage.exists(newest.file.name):
        return  # told with the files
    with newest.file.open("rb") as file:
        found = load(file.read())
    if found.keys() != expected.weights.keys() or not all(np.array_equal(found[name], expected.weights[name]) for name in found):
        yield "Its weights are not those of an undisturbed run"


def _files(run: Run) -> Iterator[str]:
    there = {f"{directory}/{name}" for directory in (run.directory, f"{run.directory}/samples") for name in _listed(directory)}
    rows = {artifact.file.name: artifact for artifact in run.artifacts.all()}
    known = {*rows, *run.samples.values_list("image", flat=True)}
    for name in sorted(there - known):
        yield f"No row knows the file {name}"
    for name in sorted(known - there):
        yield f"The file {name} of a row is missing"
    said = Run.objects.values_list("stored", flat=True).get(pk=run.pk)
    rows_say = sum(run.artifacts.values_list("bytes", flat=True)) + sum(run.samples.values_list("bytes", flat=True))
    if said != rows_say:
        yield f"It is said to store {said} bytes, and its rows have {rows_say}"
    for name in sorted({*rows} & there):
        with rows[name].file.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != rows[name].sha256:
                yield f"The file {name} is not what was stored"


def _listed(directory: str) -> list[str]:
    try:
        return default_storage.listdir(directory)[1]
    except FileNotFoundError:
        return []
