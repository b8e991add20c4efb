"""Who is next: fair shares between owners, then priority and the owner's own order, and how many runs one may have at work."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from portal.accounts.models import DeviceTime
from portal.runs import waiting as queue
from portal.runs.models import Run, Status
from portal.runs.payloads import run_payload
from portal.workers.models import Worker
from tests import factories

HOUR = 3600.0
GB = 10**9


def names(rows: Any) -> list[str]:
    return [run.name for run in rows]


def waiting(owner: Any, name: str, minutes: int, **values: Any) -> Run:
    return factories.make_run(owner, name=name, queued_at=timezone.now() - timedelta(minutes=minutes), **values)


def used(owner: Any, hours: float, days_ago: int = 0) -> None:
    DeviceTime.objects.create(owner=owner, day=timezone.now().date() - timedelta(days=days_ago), seconds=hours * HOUR)


def test_who_has_fewest_at_work_comes_first(owner: Any, member: Any) -> None:
    factories.make_run(owner, status=Status.RUNNING)
    used(member, 99)
    waiting(owner, "older", 9)
    waiting(member, "younger", 1)
    assert names(Run.objects.in_queue_order()) == ["younger", "older"]


def test_then_who_has_used_least_device_time_lately(owner: Any, member: Any) -> None:
    used(owner, 3)
    used(member, 2)
    waiting(owner, "older", 9, priority=5)
    waiting(member, "younger", 1)
    assert names(Run.objects.in_queue_order()) == ["younger", "older"]


@pytest.mark.parametrize(("days_ago", "weight"), [(0, 1), (6, 1), (7, 1 / 2), (14, 1 / 4), (27, 1 / 8), (28, 0)])
def test_device_time_counts_half_as_much_each_week(owner: Any, member: Any, days_ago: int, weight: float) -> None:
    used(owner, 8, days_ago)
    waiting(owner, "olga", 1)
    for more, first in ((-0.001, "max"), (0.001, "olga")):
        DeviceTime.objects.filter(owner=member).delete()
        used(member, 8 * weight + more)
        waiting(member, "max", 2)
        assert names(Run.objects.in_queue_order())[0] == first


def test_an_owners_runs_go_by_priority_then_age(owner: Any) -> None:
    waiting(owner, "young", 1)
    waiting(owner, "old", 5)
    waiting(owner, "urgent", 0, priority=1)
    assert names(Run.objects.in_queue_order()) == ["urgent", "old", "young"]


def test_owners_who_are_even_go_by_age(owner: Any, member: Any) -> None:
    waiting(owner, "young", 1)
    waiting(member, "old", 5)
    assert names(Run.objects.in_queue_order()) == ["old", "young"]


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


def test_nobody_starts_without_device_hours_left(owner: Any, member: Any, settings: Any) -> None:
    settings.GANVAS_QUOTA_DEVICE_HOURS = 10
    member.device_hours_quota = 5
    member.save()
    for person in (owner, member):
        used(person, 4, 29)
        used(person, 2)
        used(person, 100, 30)
        waiting(person, person.username, 1)
    assert names(Run.objects.eligible()) == ["olga"]
    settings.GANVAS_QUOTA_DEVICE_HOURS = 6
    assert names(Run.objects.eligible()) == []


def test_what_is_held_back_does_not_start(owner: Any) -> None:
    waiting(owner, "held", 9, held=True)
    waiting(owner, "next", 1)
    assert names(Run.objects.eligible()) == ["next"]
    assert names(Run.objects.in_queue_order()) == ["next", "held"]


NEEDS = [
    ({}, True, True),
    ({"needs_gpu": True}, False, True),
    ({"needs_memory": 20 * GB}, False, True),
    ({"needs_memory": 25 * GB}, False, False),
    ({"pool": "fast"}, False, True),
    ({"pool": "slow"}, False, False),
    ({"pool": "fast", "needs_gpu": True, "needs_memory": 24 * GB}, False, True),
]


@pytest.mark.parametrize(("needs", "small", "large"), NEEDS)
def test_a_worker_takes_what_it_can_serve(owner: Any, needs: dict[str, Any], small: bool, large: bool) -> None:
    run = factories.make_run(owner, **needs)
    workers = [Worker(name="small"), Worker(name="large", pool="fast", is_gpu=True, memory=24 * GB)]
    assert [Run.objects.servable_by(worker).exists() for worker in workers] == [small, large]
    assert [worker.can_serve(run) for worker in workers] == [small, large]


def test_owners_take_turns_in_the_places_that_are_told(owner: Any, member: Any) -> None:
    for number in range(3):
        waiting(owner, f"olga {number}", 90 - number)
        waiting(member, f"max {number}", 50 - number)
    used(member, 1)
    waiting(owner, "held", 99, held=True)
    known = Run.objects.in_bulk()
    assert names(known[one.pk] for one in queue.queue().waiting) == ["olga 0", "max 0", "olga 1", "max 1", "olga 2", "max 2", "held"]
    assert [line.position for line in queue.queue().waiting] == [1, 2, 3, 4, 5, 6, None]


def test_the_place_is_told(owner: Any, api: APIClient) -> None:
    second, first = waiting(owner, "second", 1), waiting(owner, "first", 2)
    done = factories.make_run(owner, status=Status.COMPLETED)
    places = {one["id"]: one["queue_position"] for one in api.get("/api/v1/runs/").json()["results"]}
    assert places == {str(first.pk): 1, str(second.pk): 2, str(done.pk): None}
    assert api.get(f"/api/v1/runs/{second.pk}/").json()["queue_position"] == 2


def test_a_payload_tells_the_place_as_it_is_then(owner: Any) -> None:
    first, second = waiting(owner, "first", 2), waiting(owner, "second", 1)
    found = [run_payload(second)["queue_position"]]
    Run.objects.filter(pk=first.pk).update(held=True)
    found.append(run_payload(second)["queue_position"])
    second.claim("desk")
    assert [*found, run_payload(second)["queue_position"]] == [2, 1, None]


def test_only_one_of_two_claims_succeeds(owner: Any) -> None:
    run = factories.make_run(owner)
    twin = Run.objects.get(pk=run.pk)
    assert [run.claim("a"), twin.claim("b")] == [True, False]
    assert Run.objects.get(pk=run.pk).attempt == 1
