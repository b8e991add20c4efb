"""Lists of pages cost the same few queries however long they are."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories

AT_MOST = 16
PATHS = ["/", "/gallery/", "/datasets/", "/runs/new/", "/account/", "/api/v1/runs/", "/api/v1/datasets/", "/api/v1/auth/tokens/"]


def queries(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in captured]


@pytest.fixture
def grow(owner: Any, member: Any) -> Callable[[], None]:
    def grow() -> None:
        for person in (owner, member):
            dataset = factories.make_dataset(person, visibility="members")
            for status in ("queued", "running", "failed"):
                factories.make_run(person, dataset, status=status, visibility="members")
            factories.finished_run(person, dataset, visibility="members")

    return grow


@pytest.mark.parametrize("path", PATHS)
def test_a_longer_list_costs_no_more_queries(clients: dict[str, Client], grow: Callable[[], None], path: str) -> None:
    grow()
    few = queries(clients["owner"], path)
    grow()
    grow()
    many = queries(clients["owner"], path)
    assert len(many) <= len(few) <= AT_MOST, many


def test_the_page_of_a_long_run_costs_few_queries(clients: dict[str, Client], owner: Any) -> None:
    run = factories.finished_run(owner, factories.checked_dataset(owner))
    few = queries(clients["owner"], f"/runs/{run.pk}/")
    for step in range(1, 40):
        factories.add_sample(run, step)
        run.transitions.create(to="queued", reason="Again", actor=owner)
    assert len(queries(clients["owner"], f"/runs/{run.pk}/")) <= len(few) <= AT_MOST


def test_the_page_of_a_dataset_costs_few_queries(clients: dict[str, Client], owner: Any) -> None:
    dataset = factories.checked_dataset(owner)
    factories.make_run(owner, dataset)
    few = queries(clients["owner"], f"/datasets/{dataset.pk}/")
    dataset.skipped.all().delete()
    factories.add_skipped(dataset, 40)
    for _ in range(5):
        factories.make_run(owner, dataset)
    assert len(queries(clients["owner"], f"/datasets/{dataset.pk}/")) <= len(few) <= AT_MOST
