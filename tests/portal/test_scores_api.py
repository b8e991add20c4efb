"""REST: scores, the best files, and the training pictures nearest to a tile."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.runs.models import Run, Score
from tests import factories
from tests.portal.bodies import body

MEASURED = ("fd", "kid_error", "precision", "recall", "density", "coverage", "mifid", "copies", "cost")


def add_score(run: Run, step: int, kid: float) -> Score:
    values = dict.fromkeys(MEASURED, 0.5)
    return Score.objects.create(
        run=run, attempt=1, step=step, seconds=step / 10, extractor="A network", samples=100, real=200, seed=1, kid=kid, **values
    )


@pytest.fixture
def run(owner: Any) -> Run:
    """Finished, on pictures that were really checked; scored three times, best at step 20."""
    run = factories.finished_run(owner, factories.checked_dataset(owner))
    for step, kid in ((10, 0.3), (20, 0.1), (30, 0.2)):
        add_score(run, step, kid)
    Run.objects.filter(pk=run.pk).update(best_step=20)
    run.refresh_from_db()
    return run


def add_near_sheet(run: Run, step: int) -> None:
    sample = factories.add_sample(run, step)
    sample.nearest = {"extractor": "A network", "usual": 0.2, "tiles": [[[4, 0.05], [1, 0.3]], [[0, 0.1], [5, 0.2]]]}
    sample.save()


def test_scores_come_in_order_of_steps_with_extractor_and_counts(run: Run, api: APIClient) -> None:
    answer = api.get(f"/api/v1/runs/{run.pk}/scores/").json()
    assert [(one["step"], one["kid"], one["best"]) for one in answer["results"]] == [(10, 0.3, False), (20, 0.1, True), (30, 0.2, False)]
    assert {(one["extractor"], one["samples"], one["real"], one["seed"]) for one in answer["results"]} == {("A network", 100, 200, 1)}
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["best_step"] == 20


def test_only_later_ones_are_given_on_request(run: Run, api: APIClient) -> None:
    assert [one["step"] for one in api.get(f"/api/v1/runs/{run.pk}/scores/?after=10").json()["results"]] == [20, 30]
    assert api.get(f"/api/v1/runs/{run.pk}/scores/?after=soon").status_code == 400


def test_scores_take_few_queries_however_many_there_are(run: Run, api: APIClient, django_assert_max_num_queries: Any) -> None:
    for step in range(100, 140):
        add_score(run, step, 0.4)
    with django_assert_max_num_queries(5):
        api.get(f"/api/v1/runs/{run.pk}/scores/")


@pytest.mark.parametrize("path", ["scores/", "samples/40/nearest/?tile=0", "weights/?which=best"])
def test_they_are_as_private_as_their_run(run: Run, member_api: APIClient, path: str) -> None:
    add_near_sheet(run, 40)
    assert member_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 404
    assert APIClient().get(f"/api/v1/runs/{run.pk}/{path}").status_code == 404


def test_a_tile_has_its_nearest_pictures(run: Run, api: APIClient) -> None:
    add_near_sheet(run, 40)
    answer = api.get(f"/api/v1/runs/{run.pk}/samples/40/nearest/?tile=0").json()
    assert (answer["tile"], answer["usual"], answer["extractor"]) == (0, 0.2, "A network")
    first, second = answer["pictures"]
    assert (first["index"], first["distance"], first["label"]) == (4, 0.05, "dogs") and second["label"] == "cats"
    assert first["path"].startswith("dogs/")
    assert api.get(first["thumbnail"])["Content-Type"] == "image/webp"


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?tile=-1", 400), ("?tile=x", 400), ("?tile=2", 404)])
def test_a_tile_that_is_not_there(run: Run, api: APIClient, query: str, status: int) -> None:
    add_near_sheet(run, 40)
    assert api.get(f"/api/v1/runs/{run.pk}/samples/40/nearest/{query}").status_code == status


def test_a_sheet_from_before_the_first_score_knows_none(run: Run, api: APIClient) -> None:
    factories.add_sample(run, 41)
    answer = api.get(f"/api/v1/runs/{run.pk}/samples/41/nearest/?tile=0")
    assert answer.status_code == 404 and "first score" in answer.json()["errors"][0]["detail"]


def test_a_public_run_does_not_show_private_pictures(run: Run, member_api: APIClient) -> None:
    Run.objects.update(visibility="public")
    add_near_sheet(run, 40)
    assert member_api.get(f"/api/v1/runs/{run.pk}/scores/").status_code == 200
    answer = member_api.get(f"/api/v1/runs/{run.pk}/samples/40/nearest/?tile=0")
    assert answer.status_code == 404 and "not yours" in answer.json()["errors"][0]["detail"]
    assert "dogs/" not in answer.content.decode()


def test_sheets_are_listed_without_what_is_near_their_tiles(run: Run, api: APIClient) -> None:
    add_near_sheet(run, 40)
    assert all("nearest" not in one for one in api.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"])


def test_the_best_weights_and_their_card_are_offered_beside_the_newest(run: Run, api: APIClient) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/weights/?which=best").status_code == 404
    for kind in ("weights", "card"):
        best = factories.add_artifact(run, kind, 20, f"best {kind}".encode())
        best.best = True
        best.save()
        factories.add_artifact(run, kind, 9999, f"newest {kind}".encode())
        for which in ("best", "newest"):
            answer = api.get(f"/api/v1/runs/{run.pk}/{kind}/?which={which}")
            assert body(answer) == f"{which} {kind}".encode()
    assert api.get(f"/api/v1/runs/{run.pk}/weights/?which=worst").status_code == 400
    listed = api.get(f"/api/v1/runs/{run.pk}/artifacts/").json()["results"]
    assert {one["step"]: one["best"] for one in listed if one["step"] in (20, 9999)} == {20: True, 9999: False}
