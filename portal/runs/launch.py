"""Launch: from a form's or a program's wishes to a run in the queue."""

from collections.abc import Container, Mapping
from typing import Any

from django.db import transaction

from gan_core import recipes
from gan_core.config import TrainConfig
from portal import queue
from portal.accounts.quota import QuotaExceeded, require_device_time, require_room, require_turn
from portal.datasets.models import Dataset
from portal.runs import estimate
from portal.runs.models import Run, Status, Transition
from portal.visibility import Visibility

MOST_STEPS = 10_000_000
"""As many as one may ask for by steps."""
PRIORITY = 100
"""Priorities reach from -PRIORITY to PRIORITY. They order a person's own runs; those above 0, the staff's, also decide where owners are even."""


class LaunchRefused(Exception):
    """The run cannot be launched; `field` is where the form shows `str(error)` (blank: above the form)."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def launch(
    owner: Any,
    dataset: Dataset,
    *,
    name: str,
    recipe: str | None,
    changes: dict[str, Any],
    visibility: str = Visibility.PRIVATE,
    priority: int = 0,
    needs: Mapping[str, Any] | None = None,
    origin: Run | None = None,
) -> Run:
    """Put a new run of `owner` on `dataset` into the queue and wake a worker.

    Args:
        recipe: name of the recipe to start from, or None for the defaults of TrainConfig.
        changes: settings that differ from the recipe.
        needs: what it asks of a worker: `needs_gpu`, `needs_memory`, `pool`.
        origin: the run that it is made from; only recorded.

    Raises:
        pydantic.ValidationError: a setting is wrong.
        LaunchRefused: the settings are fine, but not for this dataset or this person.
    """
    config = recipes.configure(recipe, changes)
    with transaction.atomic():
        owner.lock()  # two launches must not both take the last place
        check(owner, dataset, config, priority, changes)
        run = Run.objects.create(
            owner=owner,
            dataset=dataset,
            name=name,
            recipe=recipe or "",
            config=config.model_dump(mode="json"),
            visibility=visibility,
            priority=priority,
            total_steps=config.total_steps(dataset.training_count(config)),
            expected_seconds=estimate.one(config, dataset).seconds,
            **(needs or {}),
        )
        Transition.objects.create(run=run, to=Status.QUEUED, actor=owner, reason="Launched", origin=origin)
        queue.train()
    return run


def check(owner: Any, dataset: Dataset, config: TrainConfig, priority: int, changes: Container[str]) -> None:
    """Raise LaunchRefused if this cannot train on these pictures, or this person may not. `changes` are the settings that the person chose."""
    if dataset.status != Dataset.Status.READY:
        raise LaunchRefused("dataset", "These pictures are not ready yet. Wait until they are checked, or choose others.")
    if config.conditional and len(dataset.classes) < 2:
        raise LaunchRefused("conditional", "These pictures have no classes to learn. Untick it, or sort the pictures into folders.")
    if config.class_balanced and len(dataset.classes) < 2:
        raise LaunchRefused("class_balanced", "These pictures have no classes to balance. Untick it, or sort the pictures into folders.")
    if config.crop_to_boxes and not dataset.boxes and "crop_to_boxes" in changes:  # recipes cut out what there is
        raise LaunchRefused("crop_to_boxes", "These pictures have no boxes to cut out. Untick it, or upload them with Pascal VOC files.")
    if config.total_steps(dataset.training_count(config)) > MOST_STEPS:
        raise LaunchRefused("epochs", f"So many epochs of these pictures would be more than {MOST_STEPS // 10**6} million steps. Take fewer.")
    check_priority(owner, priority)
    try:
        require_room(owner)
        require_turn(owner)
        require_device_time(owner)
    except QuotaExceeded as error:
        raise LaunchRefused("", str(error)) from error


def check_priority(owner: Any, priority: int) -> None:
    """Raise LaunchRefused if the priority is out of range, or overtakes others without the right to."""
    if not -PRIORITY <= priority <= PRIORITY:
        raise LaunchRefused("priority", f"Priority lies between {-PRIORITY} and {PRIORITY}.")
    if priority > 0 and not owner.is_staff:
        raise LaunchRefused("priority", "Only administrators may overtake others. Use 0, or less to let others go first.")
