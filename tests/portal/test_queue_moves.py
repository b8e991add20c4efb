"""Owners order their own waiting runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from portal.runs.models import Run
from tests import factories


@pytest.fixture
def runs(owner: Any, member: Any) -> list[Run]:
    """Three of the owner's, oldest first, with one of another between them."""
    now = timezone.now()
    factories.make_run(member, queued_at=now - timedelta(minutes=7, seconds=30))
    return [factories.make_run(owner, name=name, queued_at=now - timedelta(minutes=9 - place)) for place, name in enumerate("abc")]


def order(owner: Any) -> str:
    return "".join(run.name for run in Run.objects.in_queue_order() if run.owner_id == owner.pk)


def move(api: APIClient, run: Run, direction: str) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/move/", {"direction": direction}, format="json")


def test_a_run_changes_places_with_its_owners_next_one(owner: Any, api: APIClient, runs: list[Run]) -> None:
    found = []
    for run, direction in ((2, "up"), (2, "up"), (0, "down"), (2, "down")):
        assert move(api, runs[run], direction).status_code == 202
        found.append(order(owner))
    assert found == ["acb", "cab", "cba", "bca"]


def test_runs_that_came_at_the_same_time_change_places_too(owner: Any, api: APIClient) -> None:
    now = timezone.now()
    runs = sorted((factories.make_run(owner, queued_at=now) for _ in range(3)), key=lambda run: run.pk)
    move(api, runs[1], "up")
    assert [run.pk for run in Run.objects.in_queue_order()] == [runs[1].pk, runs[0].pk, runs[2].pk]


def test_at_the_end_of_the_line_it_stays(owner: Any, api: APIClient, runs: list[Run]) -> None:
    assert move(api, runs[0], "up").status_code == move(api, runs[2], "down").status_code == 409
    assert order(owner) == "abc"


def test_priority_comes_before_the_order(owner: Any, api: APIClient, runs: list[Run]) -> None:
    Run.objects.filter(pk=runs[0].pk).update(priority=5)
    answer = move(api, runs[1], "up")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["detail"].startswith("“a” has another priority")


def test_only_waiting_runs_move_and_only_up_or_down(owner: Any, api: APIClient, runs: list[Run]) -> None:
    Run.objects.filter(pk=runs[1].pk).update(status="running")
    assert move(api, runs[1], "up").status_code == 409
    assert move(api, runs[2], "sideways").status_code == 400
    assert move(api, runs[2], "up").status_code == 202
    assert order(owner) == "ca"


def test_needs_are_changed_while_it_waits(owner: Any, api: APIClient, runs: list[Run]) -> None:
    wanted = {"needs_gpu": True, "needs_memory": 10**10, "pool": "fast"}
    answer = api.patch(f"/api/v1/runs/{runs[0].pk}/", wanted, format="json").json()
    assert {name: answer[name] for name in wanted} == wanted
