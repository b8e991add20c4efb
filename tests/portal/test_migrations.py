"""Migrations of what older versions have stored."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrated(target: str) -> Any:
    """The models as they are after that migration of the runs."""
    executor = MigrationExecutor(connection)
    return executor.migrate([("runs", target)]).apps


@pytest.fixture
def old(transactional_db: None) -> Any:
    yield migrated("0001_initial")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def sheet(apps: Any, run: Any, step: int, rows: int, **values: Any) -> Any:
    shape = {"columns": 8, "rows": rows, "tile_width": 28, "tile_height": 28}
    return apps.get_model("runs", "Sample").objects.create(run=run, attempt=1, step=step, epoch=0, image="sheet.webp", seed=0, **shape, **values)


def test_old_sheets_learn_the_classes_of_their_rows(old: Any) -> None:
    owner = old.get_model("accounts", "User").objects.create(username="olga")
    classes = [{"name": name, "count": 1} for name in ("cats", "dogs", "owls")]
    dataset = old.get_model("datasets", "Dataset").objects.create(owner=owner, name="Pets", status="ready", classes=classes)
    runs = old.get_model("runs", "Run").objects
    conditional = runs.create(owner=owner, dataset=dataset, name="with classes", config={"conditional": True})
    plain = runs.create(owner=owner, dataset=dataset, name="without", config={"conditional": False})
    sheet(old, conditional, 0, 3)
    sheet(old, conditional, 9, 2)
    sheet(old, plain, 0, 8)
    new = migrated("0003_row_labels")
    found = new.get_model("runs", "Sample").objects.order_by("run__name", "step").values_list("run__name", "step", "row_labels", "label")
    assert sorted(found) == [
        ("with classes", 0, ["cats", "dogs", "owls"], None),
        ("with classes", 9, ["cats", "dogs"], None),
        ("without", 0, [], None),
    ]
    run = new.get_model("runs", "Run").objects.get(name="with classes")
    assert (run.parts, run.rewinds, run.class_sheets_wanted) == (1, 0, [])
    sheet(new, run, 9, 8, label=1)  # at a step that has a sheet of the series


def test_old_verdicts_get_the_fields_that_they_lack(old: Any) -> None:
    owner = old.get_model("accounts", "User").objects.create(username="olga")
    dataset = old.get_model("datasets", "Dataset").objects.create(owner=owner, name="Pets", status="ready")
    runs = old.get_model("runs", "Run").objects
    fell = {"level": "bad", "title": "It fell apart", "text": "The losses became infinite.", "step": 8}
    runs.create(owner=owner, dataset=dataset, name="fell", config={}, verdict=fell)
    runs.create(owner=owner, dataset=dataset, name="silent", config={})
    new = migrated("0005_verdicts").get_model("runs", "Run").objects
    assert new.get(name="fell").verdict == {**fell, "kind": "diverged", "evidence": [], "change": None}
    assert new.get(name="silent").verdict is None


def test_what_old_runs_store_is_added_up(old: Any) -> None:
    owner = old.get_model("accounts", "User").objects.create(username="olga")
    dataset = old.get_model("datasets", "Dataset").objects.create(owner=owner, name="Pets", status="ready")
    runs = old.get_model("runs", "Run").objects
    full, empty = (runs.create(owner=owner, dataset=dataset, name=name, config={}) for name in ("full", "empty"))
    for step in (1, 2):
        sheet(old, full, step, 8, bytes=40)
    old.get_model("runs", "Artifact").objects.create(run=full, attempt=1, kind="weights", step=2, file="weights", bytes=1000, sha256="0" * 64)
    new = migrated("0012_stored").get_model("runs", "Run").objects
    assert (new.get(pk=full.pk).stored, new.get(pk=empty.pk).stored) == (1080, 0)
