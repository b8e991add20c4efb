"""A node's disk: prepared datasets are shared, and what dead workers left is swept away."""

import os
import time
from typing import Any

import pytest

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Run
from tests import factories
from tests.gan_core.images.build import annotation, png, zipped
from tests.training import checked, config, person
from worker import prepared


@pytest.fixture
def owner(broker: object) -> User:
    return person()


def test_two_runs_of_one_shape_share_the_prepared_pictures(owner: User) -> None:
    dataset = checked(owner)
    first = prepared.images(dataset, config(steps=1))
    second = prepared.images(dataset, config(steps=2, seed=9))
    assert first.images.filename == second.images.filename
    assert first.images.shape == (24, 16, 16, 1)


def test_another_shape_is_prepared_apart(owner: User) -> None:
    dataset = checked(owner)
    assert prepared.images(dataset, config(steps=1, width=24)).images.shape == (24, 16, 24, 1)
    assert prepared.images(dataset, config(steps=1)).images.shape == (24, 16, 16, 1)


@pytest.mark.parametrize(("changes", "count"), [({"crop_to_boxes": True}, 4), ({"tiles": 5, "tile_scale": 2.0}, 15), ({}, 3)])
def test_a_dataset_knows_how_many_pictures_a_run_trains_on(owner: User, changes: dict[str, Any], count: int) -> None:
    marks = annotation((3, 3, 20, 20), (10, 10, 40, 30))
    data = zipped({**{f"{number}.png": png(number, (50, 40)) for number in range(3)}, "1.xml": marks})
    dataset = factories.checked_dataset(owner, data=data)
    wanted = config(steps=1, **changes)
    store = prepared.images(dataset, wanted)
    assert len(store) == dataset.training_count(wanted) == count
    assert len(list(prepared.PREPARED.glob(f"{dataset.pk}-*"))) == 1


def test_work_of_attempts_that_hold_nothing_is_swept_away_and_that_of_others_is_not(run: Run) -> None:
    held = prepared.work_directory(run.pk, 1)
    dead = prepared.work_directory(run.pk, 7)
    prepared.sweep()
    assert held.exists()
    assert not dead.exists()
    prepared.discard_work(run.pk, 1)


def test_pictures_of_deleted_datasets_are_swept_away(owner: User) -> None:
    kept, gone = checked(owner), checked(owner)
    for dataset in (kept, gone):
        prepared.images(dataset, config(steps=1))
    Dataset.objects.filter(pk=gone.pk).delete()
    prepared.sweep()
    assert list(prepared.PREPARED.glob(f"{kept.pk}-*"))
    assert not list(prepared.PREPARED.glob(f"{gone.pk}-*"))


def test_what_was_begun_yesterday_and_never_finished_is_swept_away(broker: object) -> None:
    old, new = (prepared.PREPARED / f".{name}-x" for name in ("old", "new"))
    for directory in (old, new):
        directory.mkdir(parents=True)
    yesterday = time.time() - 2 * prepared.DAY
    os.utime(old, (yesterday, yesterday))
    prepared.sweep()
    assert new.exists()
    assert not old.exists()
    new.rmdir()
