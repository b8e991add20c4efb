"""REST: curves, sheets, log, history and files of a run."""

import hashlib
from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.runs.models import LossPoint, Run
from tests import factories
from tests.portal.bodies import body


@pytest.fixture
def run(owner: Any) -> Run:
    return factories.finished_run(owner)


def test_losses_are_rows_under_columns(run: Run, api: APIClient) -> None:
    answer = api.get(f"/api/v1/runs/{run.pk}/losses/").json()
    assert answer["columns"] == ["step", "seconds", "discriminator", "generator"]
    assert answer["points"][0] == [1, 0.1, 1.0, 0.01]
    assert len(answer["points"]) == 100


def test_augmentation_is_a_column_where_it_is_adaptive(run: Run, api: APIClient) -> None:
    LossPoint.objects.filter(run=run, step__gte=50).update(augmentation=0.25)
    answer = api.get(f"/api/v1/runs/{run.pk}/losses/").json()
    assert answer["columns"] == ["step", "seconds", "discriminator", "generator", "augmentation"]
    assert (answer["points"][0], answer["points"][-1]) == ([1, 0.1, 1.0, 0.01, None], [100, 10.0, 0.01, 1.0, 0.25])


def test_losses_after_a_step(run: Run, api: APIClient) -> None:
    points = api.get(f"/api/v1/runs/{run.pk}/losses/?after=98").json()["points"]
    assert [point[0] for point in points] == [99, 100]


def test_thinning_keeps_the_peaks(run: Run, api: APIClient) -> None:
    LossPoint.objects.filter(run=run, step=37).update(generator=50.0)
    points = api.get(f"/api/v1/runs/{run.pk}/losses/?max_points=20").json()["points"]
    assert len(points) <= 20
    assert 50.0 in [point[3] for point in points]
    assert [point[0] for point in points][:: len(points) - 1] == [1, 100]


@pytest.mark.parametrize("query", ["after=x", "max_points=0", "max_points=99999999", "after=99999999999999999999"])
def test_nonsense_in_the_address_is_refused(run: Run, api: APIClient, query: str) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/losses/?{query}").status_code == 400


def test_losses_cost_few_queries(run: Run, api: APIClient, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(4):
        api.get(f"/api/v1/runs/{run.pk}/losses/")


def test_sheets_come_in_order_of_steps(run: Run, api: APIClient) -> None:
    results = api.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"]
    assert [sheet["step"] for sheet in results] == [0, 100]
    assert (results[0]["columns"], results[0]["tile_width"]) == (2, 16)


def test_sheets_after_a_step(run: Run, api: APIClient) -> None:
    assert [sheet["step"] for sheet in api.get(f"/api/v1/runs/{run.pk}/samples/?after=0").json()["results"]] == [100]


def test_a_sheets_address_leads_to_its_picture(run: Run, api: APIClient) -> None:
    sheet = api.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"][0]
    answer = api.get(sheet["image"])
    assert answer["Content-Type"] == "image/webp"
    assert "immutable" in answer["Cache-Control"]
    assert body(answer) == run.samples.get(step=0).image.read()


def test_a_sheet_drawn_again_has_another_address(run: Run, api: APIClient) -> None:
    def address() -> str:
        return str(api.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"][1]["image"])

    before = address()
    run.samples.filter(step=100).delete()
    run.attempt += 1
    factories.add_sample(run, 100)
    assert address() != before


def test_the_log_comes_in_lines(run: Run, api: APIClient) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/log/").json() == {"lines": ["one", "two"]}


def test_history_tells_who_when_and_why(run: Run, api: APIClient) -> None:
    first = api.get(f"/api/v1/runs/{run.pk}/transitions/").json()["results"][0]
    assert (first["from"], first["to"], first["actor"], first["reason"]) == ("", "queued", "olga", "Launched")


def test_history_costs_a_fixed_number_of_queries(run: Run, api: APIClient, django_assert_max_num_queries: Any) -> None:
    for _ in range(9):
        run.transitions.create(to="queued", reason="Again", actor=run.owner)
    with django_assert_max_num_queries(5):
        api.get(f"/api/v1/runs/{run.pk}/transitions/")


def test_files_are_listed_with_size_and_checksum(run: Run, api: APIClient) -> None:
    results = api.get(f"/api/v1/runs/{run.pk}/artifacts/").json()["results"]
    assert {one["kind"] for one in results} == {"weights", "checkpoint", "card"}
    for one in results:
        data = body(api.get(one["url"]))
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one["bytes"], one["sha256"])


def test_weights_are_the_newest(run: Run, api: APIClient) -> None:
    newest = factories.add_artifact(run, "weights", 200, b"newer")
    answer = api.get(f"/api/v1/runs/{run.pk}/weights/?format=safetensors")
    assert body(answer) == b"newer"
    assert answer["ETag"] == f'"{newest.sha256}"'
    assert answer["Content-Disposition"] == 'attachment; filename="sunday-pets-step-200.safetensors"'
    assert answer["Content-Type"] == "application/octet-stream"


def test_an_unknown_format_is_refused(run: Run, api: APIClient) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/weights/?format=pickle").status_code == 400


def test_the_card_is_markdown(run: Run, api: APIClient) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/card/")["Content-Type"] == "text/markdown; charset=utf-8"


def test_a_run_without_weights_has_none(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner)
    assert api.get(f"/api/v1/runs/{run.pk}/weights/").status_code == 404


def test_a_file_of_another_run_is_not_served(run: Run, owner: Any, api: APIClient) -> None:
    other = factories.make_run(owner, run.dataset)
    artifact = run.artifacts.first()
    assert artifact is not None
    assert api.get(f"/api/v1/runs/{other.pk}/artifacts/{artifact.pk}/").status_code == 404


def test_any_accept_header_gets_the_file(run: Run, api: APIClient) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/weights/", HTTP_ACCEPT="application/octet-stream").status_code == 200
