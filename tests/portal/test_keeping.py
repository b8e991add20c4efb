"""Favourites are everybody's own, checkpoints are kept by their owner."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from portal.runs import keeping
from portal.runs.models import Favourite, Run, Sample, Status
from tests import factories


@pytest.fixture
def run(owner: Any) -> Run:
    return factories.finished_run(owner, factories.make_dataset(owner), visibility="members")


def favourite(run: Run, tile: int, step: int = 100) -> str:
    return f"/api/v1/runs/{run.pk}/favourites/{run.samples.get(step=step).pk}/{tile}/"


def liked(api: APIClient) -> list[tuple[str, int, int]]:
    return [(one["run"], one["sample"]["step"], one["tile"]) for one in api.get("/api/v1/favourites/").json()["results"]]


def test_a_tile_is_liked_by_one_person_and_once(api: APIClient, member_api: APIClient, run: Run) -> None:
    assert [member_api.put(favourite(run, 3)).status_code for _ in range(2)] == [201, 200]
    assert liked(member_api) == [(str(run.pk), 100, 3)]
    assert liked(api) == []
    assert api.delete(favourite(run, 3)).status_code == 204
    assert len(liked(member_api)) == 1, "Nobody takes away another's"
    assert [member_api.delete(favourite(run, 3)).status_code for _ in range(2)] == [204, 204]
    assert liked(member_api) == []


def test_only_what_is_there_and_visible_can_be_liked(member_api: APIClient, run: Run) -> None:
    other = factories.finished_run(run.owner, run.dataset, visibility="members")
    foreign = f"/api/v1/runs/{run.pk}/favourites/{other.samples.first().pk}/0/"
    assert [member_api.put(path).status_code for path in (favourite(run, 4), foreign)] == [404, 404], "A sheet of four tiles"
    member_api.put(favourite(run, 0))
    Run.objects.filter(pk=run.pk).update(visibility="private")
    assert member_api.put(favourite(run, 1)).status_code == 404
    assert liked(member_api) == [], "Who loses sight of a run no longer sees it"


def test_one_persons_favourites_in_a_run_are_limited(member_api: APIClient, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FAVOURITES", 2)
    assert [member_api.put(favourite(run, tile)).status_code for tile in (0, 1, 2, 1)] == [201, 201, 409, 200]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_allowed_become_favourites(member: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FAVOURITES", 2)
    like = {"run": run, "attempt": 1, "epoch": 1, "columns": 1, "rows": 1, "tile_width": 1, "tile_height": 1, "seed": 1}
    sheets = [Sample.objects.create(step=1000 + number, **like) for number in range(6)]
    barrier = Barrier(len(sheets))

    def rush(sheet: Sample) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            return keeping.favour(run, member, sheet.pk, 0)[1]
        except keeping.KeepsEnough:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sheets)) as pool:
        assert sum(pool.map(rush, sheets)) == 2
    assert Favourite.objects.filter(user=member).count() == 2


def test_the_gallery_shows_runs_with_ones_own_favourites(clients: dict[str, Client], run: Run) -> None:
    other = factories.make_run(run.owner, run.dataset, name="Unloved", visibility="members")
    form = {"sample": run.samples.get(step=0).pk, "tile": "2"}
    assert clients["member"].post(f"/runs/{run.pk}/favourites/", form).status_code == 302
    page = clients["member"].get("/gallery/?show=favourites").content.decode()
    assert str(run.pk) in page
    assert str(other.pk) not in page
    assert "Has favourites of yours" in page
    assert str(run.pk) not in clients["owner"].get("/gallery/?show=favourites").content.decode()
    assert "Your favourites on this sheet: 2" in clients["member"].get(f"/runs/{run.pk}/?step=0").content.decode()
    clients["member"].post(f"/runs/{run.pk}/favourites/", {**form, "keep": "no"})
    assert "No favourites here" in clients["member"].get("/gallery/?show=favourites").content.decode()


def test_the_owner_keeps_a_checkpoint(api: APIClient, clients: dict[str, Client], run: Run) -> None:
    path = f"/api/v1/runs/{run.pk}/pins/100/"
    assert [api.put(path).status_code for _ in range(2)] == [201, 200]
    assert all(one["pinned"] for one in api.get(f"/api/v1/runs/{run.pk}/artifacts/").json()["results"])
    assert "Release the checkpoint of step 100" in clients["owner"].get(f"/runs/{run.pk}/").content.decode()
    assert "Release the checkpoint" not in clients["member"].get(f"/runs/{run.pk}/").content.decode()
    clients["owner"].post(f"/runs/{run.pk}/pins/", {"step": "100", "keep": "no"})
    assert not run.artifacts.filter(pinned=True).exists()
    assert api.put(f"/api/v1/runs/{run.pk}/pins/99/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.RUNNING])
def test_what_is_released_goes_at_once_unless_a_process_looks_after_it(api: APIClient, run: Run, status: str) -> None:
    for step in (98, 99):
        factories.add_artifact(run, "checkpoint", step)
        assert api.put(f"/api/v1/runs/{run.pk}/pins/{step}/").status_code == 201
    Run.objects.filter(pk=run.pk).update(status=status)
    names = {file.step: file.file.name for file in run.artifacts.filter(kind="checkpoint")}
    assert api.delete(f"/api/v1/runs/{run.pk}/pins/98/").status_code == 204
    rows = sum(run.artifacts.values_list("bytes", flat=True)) + sum(run.samples.values_list("bytes", flat=True))
    assert Run.objects.get(pk=run.pk).stored == rows > 0
    left = {99, 100} if status == Status.COMPLETED else {98, 99, 100}  # the newest two stay in any case
    assert {*run.artifacts.filter(kind="checkpoint").values_list("step", flat=True)} == left
    assert {step for step, name in names.items() if default_storage.exists(name)} == left


def test_only_a_few_are_kept(api: APIClient, run: Run) -> None:
    for step in range(1, keeping.PINS + 1):
        factories.add_artifact(run, "checkpoint", step)
        assert api.put(f"/api/v1/runs/{run.pk}/pins/{step}/").status_code == 201
    refused = api.put(f"/api/v1/runs/{run.pk}/pins/100/")
    assert refused.status_code == 409
    assert "Release one first" in refused.json()["errors"][0]["detail"]
