"""Who is next: fairness, priority, age, and how many runs one may have at work."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from portal.runs.models import Run, Status
from tests import factories


def names(rows: Any) -> list[str]:
    return [run.name for run in rows]


def waiting(owner: Any, name: str, minutes: int, **values: Any) -> Run:
    return factories.make_run(owner, name=name, queued_at=timezone.now() - timedelta(minutes=minutes), **values)


def test_who_has_fewest_at_work_comes_first(owner: Any, member: Any) -> None:
    factories.make_run(owner, status=Status.RUNNING)
    waiting(owner, "older", 9)
    waiting(member, "younger", 1)
    assert names(Run.objects.in_queue_order()) == ["younger", "older"]


def test_then_priority_then_age(owner: Any) -> None:
    waiting(owner, "young", 1)
    waiting(owner, "old", 5)
    waiting(owner, "urgent", 0, priority=1)
    assert names(Run.objects.in_queue_order()) == ["urgent", "old", "young"]


def test_nobody_has_more_at_work_than_allowed(owner: Any, member: Any, settings: Any) -> None:
    settings.GANVAS_QUOTA_RUNNING = 1
    factories.make_run(owner, status=Status.RUNNING)
    factories.make_run(member, status=Status.RUNNING)
    member.running_quota = 2
    member.save()
    waiting(owner, "must wait", 9)
    waiting(member, "may start", 1)
    assert names(Run.objects.eligible()) == ["may start"]
    assert len(Run.objects.in_queue_order()) == 2


def test_the_place_is_told(owner: Any, api: APIClient) -> None:
    second, first = waiting(owner, "second", 1), waiting(owner, "first", 2)
    done = factories.make_run(owner, status=Status.COMPLETED)
    places = {one["id"]: one["queue_position"] for one in api.get("/api/v1/runs/").json()["results"]}
    assert places == {str(first.pk): 1, str(second.pk): 2, str(done.pk): None}
    assert api.get(f"/api/v1/runs/{second.pk}/").json()["queue_position"] == 2


def test_only_one_of_two_claims_succeeds(owner: Any) -> None:
    run = factories.make_run(owner)
    twin = Run.objects.get(pk=run.pk)
    assert [run.claim("a"), twin.claim("b")] == [True, False]
    assert Run.objects.get(pk=run.pk).attempt == 1
