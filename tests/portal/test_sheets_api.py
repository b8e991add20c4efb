"""REST: sheets of one class, asked for and listed beside the series."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.runs.models import Run, Status
from tests import factories
from tests.portal.bodies import body

CONDITIONAL = factories.CONFIG.model_copy(update={"conditional": True})


@pytest.fixture
def run(owner: Any) -> Run:
    """At work on cats and dogs."""
    return factories.make_run(owner, status=Status.RUNNING, attempt=1, config=CONDITIONAL)


def add_class_sheet(run: Run, step: int, label: int, name: str) -> None:
    sample = factories.add_sample(run, 1000 + step)
    run.samples.filter(pk=sample.pk).update(step=step, label=label, row_labels=[name, name])


def ask(api: APIClient, run: Run, data: Any) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/sample/", data, format="json")


@pytest.mark.parametrize(("label", "index"), [("cats", 0), ("dogs", 1), (1, 1), ("0", 0)])
def test_a_class_is_asked_for_by_name_or_index(run: Run, api: APIClient, label: Any, index: int) -> None:
    assert ask(api, run, {"label": label}).status_code == 202
    run.refresh_from_db()
    assert (run.class_sheets_wanted, run.sample_wanted) == ([index], False)


def test_names_come_before_indices(run: Run, api: APIClient) -> None:
    run.dataset.classes = [{"name": name, "count": 3} for name in ("1", "2", "3")]
    run.dataset.save()
    ask(api, run, {"label": "2"})
    ask(api, run, {"label": 2})
    run.refresh_from_db()
    assert run.class_sheets_wanted == [1, 2]


@pytest.mark.parametrize("data", [None, {}, {"label": None}])
def test_without_a_class_it_is_one_of_the_series(run: Run, api: APIClient, data: Any) -> None:
    assert ask(api, run, data).status_code == 202
    run.refresh_from_db()
    assert (run.class_sheets_wanted, run.sample_wanted) == ([], True)


@pytest.mark.parametrize("label", ["owls", 2, -1, True, 0.5, [], {}, "9" * 5000, "²"])
def test_an_unknown_class_is_one_error(run: Run, api: APIClient, label: Any) -> None:
    answer = ask(api, run, {"label": label})
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == ["label"]
    run.refresh_from_db()
    assert run.class_sheets_wanted == []


def test_the_refusal_names_the_classes(run: Run, api: APIClient) -> None:
    assert ask(api, run, {"label": "owls"}).json()["errors"][0]["detail"] == "There is no class “owls”. Choose one of: cats, dogs."


def test_a_run_without_classes_has_none_to_draw(owner: Any, api: APIClient) -> None:
    answer = ask(api, factories.make_run(owner, status=Status.RUNNING), {"label": "cats"})
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 1)


@pytest.mark.parametrize("status", [status for status in Status.values if status != Status.RUNNING])
def test_only_a_run_at_work_draws(run: Run, api: APIClient, status: str) -> None:
    Run.objects.filter(pk=run.pk).update(status=status)
    assert ask(api, run, {"label": "cats"}).status_code == 409
    run.refresh_from_db()
    assert run.class_sheets_wanted == []


def test_the_series_and_the_sheets_of_a_class_are_lists_of_their_own(run: Run, api: APIClient) -> None:
    factories.add_sample(run, 5)
    add_class_sheet(run, 5, 1, "dogs")
    add_class_sheet(run, 9, 1, "dogs")
    add_class_sheet(run, 9, 0, "cats")

    def listed(query: str) -> list[tuple[int, str | None]]:
        return [(one["step"], one["label"]) for one in api.get(f"/api/v1/runs/{run.pk}/samples/{query}").json()["results"]]

    assert listed("") == [(5, None)]
    assert listed("?label=dogs") == [(5, "dogs"), (9, "dogs")]
    assert listed("?label=1&after=5") == [(9, "dogs")]
    assert api.get(f"/api/v1/runs/{run.pk}/samples/?label=owls").status_code == 400


def test_each_sheet_of_a_step_has_its_own_picture(run: Run, api: APIClient) -> None:
    run.dataset.classes = [{"name": "cats & dogs/élan", "count": 3}, {"name": "dogs", "count": 3}]
    run.dataset.save()
    factories.add_sample(run, 5)
    add_class_sheet(run, 5, 0, "cats & dogs/élan")
    for query, stored in (("", run.samples.get(label=None)), ("?label=0", run.samples.get(label=0))):
        address = api.get(f"/api/v1/runs/{run.pk}/samples/{query}").json()["results"][0]["image"]
        assert body(api.get(address)) == stored.image.read()


def test_galleries_show_the_series_only(run: Run) -> None:
    from portal.runs import showcase

    factories.add_sample(run, 5)
    add_class_sheet(run, 9, 1, "dogs")
    assert showcase.newest_sheets([run])[run.pk].step == 5
    assert [sheet.step for sheet in showcase.films([run.pk])[run.pk]] == [5]
