"""What the queue tells: who works, who waits and why, when a turn will probably come, and nothing of what one may not see."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from portal.accounts.models import DeviceTime
from portal.runs.models import Run, Status
from portal.runs.waiting import lines, picture, place_of_one_more
from portal.runs.waiting import queue as everything
from portal.workers.models import Worker
from tests import factories
from tests.clock import follow

GB = 10**9


@pytest.fixture(autouse=True)
def now(monkeypatch: Any) -> datetime:
    """Time stands still."""
    moment = timezone.now()
    follow(lambda: moment, monkeypatch)
    return moment


def worker(name: str = "one", **values: Any) -> Worker:
    return Worker.objects.create(name=name, **values)


def waiting(owner: Any, minutes: int, **values: Any) -> Run:
    return factories.make_run(owner, queued_at=timezone.now() - timedelta(minutes=minutes), **values)


def why(run: Run) -> str:
    return lines([run.pk])[run.pk].waiting_for


def starts() -> list[float | None]:
    """Seconds until each waiting run starts, in the order of the queue."""
    return [line.estimated_start and (line.estimated_start - timezone.now()).total_seconds() for line in everything().waiting]


def queue(api: APIClient) -> Any:
    answer = api.get("/api/v1/queue/")
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        ({"pool": "attic"}, "No worker of the pool “attic” is there. It starts when one comes."),
        ({"needs_gpu": True, "pool": "cellar"}, "It needs a GPU, and no worker of the pool “cellar” that is there has one."),
        ({"needs_memory": 40 * GB}, "It needs 40 GB of device memory, and no worker that is there has so much: the largest has 24 GB."),
        ({"needs_gpu": True, "needs_memory": 12 * GB}, ""),
    ],
)
def test_what_nobody_could_ever_serve_says_so(owner: Any, api: APIClient, needs: dict[str, Any], sentence: str) -> None:
    worker("small", pool="cellar", memory=8 * GB)
    worker("large", is_gpu=True, memory=24 * GB)
    run = factories.make_run(owner, **needs)
    expected = sentence or "It is next, and starts when a worker that can serve it is free."
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["waiting_for"] == expected
    assert queue(api)["waiting"][0]["waiting_for"] == expected
    assert (queue(api)["waiting"][0]["estimated_start"] is None) == bool(sentence)


def test_without_workers_that_is_what_it_waits_for(owner: Any, now: datetime, settings: Any) -> None:
    worker(seen=now - timedelta(seconds=settings.GANVAS_LEASE_SECONDS + 1), is_gpu=True)
    assert why(factories.make_run(owner)) == "No worker is there at the moment. It starts when one comes."


def test_the_first_thing_in_the_way_is_told(owner: Any, member: Any, staff: Any) -> None:
    worker()
    first, again = waiting(owner, 9), waiting(owner, 8)
    behind = waiting(member, 1)
    DeviceTime.objects.add(member.pk, 5)
    factories.make_run(staff, status=Status.RUNNING)
    last = waiting(staff, 99)
    assert why(first).startswith("It is next")
    assert why(behind) == "1 run goes first. Owners whose runs have used less device time lately come first."
    assert why(again) == "3 runs go first. Owners take turns, and its owner has others before it."
    assert why(last) == "2 runs go first. Owners with fewer runs at work come first."
    Run.objects.filter(pk=behind.pk).update(held=True)
    assert why(behind) == "It is held back until its owner releases it."
    Run.objects.filter(pk=last.pk).delete()
    assert why(again) == "1 run goes first. It is of the same owner."


def test_quotas_are_told(owner: Any, member: Any, settings: Any) -> None:
    settings.GANVAS_QUOTA_DEVICE_HOURS = 1
    worker()
    for _ in range(2):
        factories.make_run(owner, status=Status.RUNNING)
    DeviceTime.objects.add(member.pk, 3600)
    assert why(factories.make_run(owner)).startswith("Its owner has 2 runs at work, as many as may be at once.")
    assert why(factories.make_run(member)).startswith("The device time of its owner is used up: 1 hour in 30 days.")


def test_what_cannot_start_keeps_nobody(owner: Any, member: Any) -> None:
    worker()
    waiting(owner, 9, needs_gpu=True)
    behind = waiting(member, 1)
    assert lines([behind.pk])[behind.pk].position == 2
    assert why(behind) == "Those before it wait for something else. It starts when a worker that can serve it is free."


def test_the_place_of_one_more_run_is_known_before_its_launch(owner: Any, member: Any, staff: Any) -> None:
    for _ in range(3):
        waiting(owner, 9)
    factories.make_run(staff, status=Status.RUNNING)
    waiting(staff, 1, held=True)
    assert [place_of_one_more(person) for person in (owner, member, staff)] == [4, 2, 3]
    DeviceTime.objects.add(owner.pk, 60)
    assert [place_of_one_more(person) for person in (owner, member, staff)] == [4, 1, 2]


def test_the_start_is_estimated_from_what_is_known(owner: Any, member: Any) -> None:
    worker("one")
    worker("two")
    # 40 steps of 4 pictures, 16 a second: 10 seconds left
    factories.make_run(owner, status=Status.RUNNING, worker="one", step=60, images_per_second=16.0)
    factories.make_run(member, status=Status.STARTING, worker="two", expected_seconds=25)
    waiting(owner, 9, expected_seconds=100)
    waiting(member, 8, step=50, seconds=30, expected_seconds=1)
    waiting(owner, 7, expected_seconds=1)
    waiting(member, 6)
    waiting(member, 5)
    # worker one is free after 10 s, for 100 s of the owner's; two after 25 s, for 30 s of the member's, then 1 s of the owner's, then nobody knows
    assert starts() == [10, 25, 55, 56, 110]


def test_a_run_of_unknown_length_leaves_those_behind_it_without_an_estimate(owner: Any, member: Any) -> None:
    worker()
    waiting(owner, 9)
    waiting(member, 8)
    assert starts() == [0, None]


def test_nobody_learns_what_they_may_not_see(owner: Any, api: APIClient, member_api: APIClient, staff_api: APIClient) -> None:
    worker("one", pool="fast", labels=["attic"], device="GPU", memory=GB)
    factories.make_run(owner, name="Secret run", status=Status.RUNNING, worker="one")
    factories.make_run(owner, name="Secret wish", pool="Secret pool")
    hidden, shown = queue(member_api), queue(api)
    assert "Secret" not in str(hidden) and "olga" not in str(hidden)
    assert (hidden["workers"][0]["run"], hidden["workers"][0]["private"]) == (None, True)
    assert [(one["run"], one["private"]) for one in hidden["running"] + hidden["waiting"]] == [(None, True)] * 2
    assert [(one["run"]["name"], one["run"]["owner"], one["private"]) for one in shown["running"] + shown["waiting"]] == [
        ("Secret run", "olga", False),
        ("Secret wish", "olga", False),
    ]
    assert shown == queue(staff_api)
    told = {name: shown["workers"][0][name] for name in ("name", "device", "memory", "pool", "labels", "alive")}
    assert told == {"name": "one", "device": "GPU", "memory": GB, "pool": "fast", "labels": ["attic"], "alive": True}


def test_only_who_may_change_a_run_is_offered_it(owner: Any, member: Any, staff: Any) -> None:
    factories.make_run(owner, visibility="members")
    whole = everything()
    assert [picture(person, whole, whole.waiting, Run.objects.all()).waiting[0].may_change for person in (owner, member, staff)] == [
        True,
        False,
        True,
    ]


def test_a_free_worker_and_one_that_fell_silent_are_told_apart(owner: Any, api: APIClient, now: datetime) -> None:
    worker("free")
    worker("lost", seen=now - timedelta(minutes=30))
    worker("long lost", seen=now - timedelta(minutes=70))
    assert [(one["name"], one["alive"], one["run"], one["private"]) for one in queue(api)["workers"]] == [
        ("free", True, None, False),
        ("lost", False, None, False),
    ]
