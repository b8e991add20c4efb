"""Fifty people, eight workers and five days, in virtual time: everybody gets the same, whoever launches most or longest, and nobody starves.

The claims are real ones, on the real database; only training is replaced by the passing of its hours. What is asserted follows from the rule that
next is whoever has none at work and has used least:

- While somebody waits for a first run, no worker that could take it begins anything but first runs. So with w workers one waits for a w-th of the
  others' first runs at most.
- Whoever begins a run has used no more than those who wait. So nobody is further above the least than one of their own runs is long, but for what
  everybody gets while the longest run is on.
- Somebody who has used u waits while others, who have used q, begin runs as long as q is not above u. So one waits for a w-th of the sum
  of what they are behind, and of a run of each.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from portal.accounts.models import DeviceTime, User
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Run, Status
from portal.workers.models import Worker
from tests.clock import follow
from worker.claim import claim_next

PEOPLE, WORKERS, FAST, HOURS = 50, 8, 2, 120
"""FAST of the workers are of a pool."""
SHORT, LONG = 3, 9
"""Hours of a run; every other person's are long."""
GREEDY, LATE, EAGER, PATIENT, CAUGHT, HEAVY, POOLED = 0, 1, 2, 3, 4, 6, range(8, 12)
"""One person launches hundreds of runs; another comes when half the time is over; two have the highest and the lowest priority; the first run of one
needs what no worker has; one has trained much three weeks ago; some want a worker of the pool."""
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
PAST, COUNTED = 72, 9
"""Hours that one has used three weeks ago, and what they count for."""


class Laboratory:
    """Workers that claim the next run whenever they are free."""

    def __init__(self, monkeypatch: Any, lasting: dict[int, int], used: dict[int, float]) -> None:
        self.hour = 0.0
        follow(lambda: BEGIN + timedelta(hours=self.hour), monkeypatch)
        Worker.objects.bulk_create(Worker(name=str(number), pool="fast" if number < FAST else "") for number in range(WORKERS))
        self.lasting = lasting
        self.starts: list[tuple[float, int]] = []
        """(hour, person) of each run."""
        self.waits: list[tuple[int, float, float]] = []
        """(person, hours between two runs, the most that they may be)"""
        self._used: defaultdict[int, float] = defaultdict(float, used)
        self._rests: dict[int, tuple[float, float]] = {}
        self._ends: list[tuple[float, str, Run | None]] = [(0.0, str(number), None) for number in range(WORKERS)]

    def used(self) -> dict[int, float]:
        """Hours of each person until now, in their own account."""
        running = {run.owner_id: end - self.hour for end, _, run in self._ends if run}
        return {pk: self._used[pk] - running.get(pk, 0.0) for pk in self.lasting}

    def work(self, until: float) -> None:
        while self._ends[0][0] < until:
            self.hour, worker, done = heappop(self._ends)
            if done:
                done.move(Status.COMPLETED, frm=ACTIVE, reason="All steps done")
                self._rests[done.owner_id] = (self.hour, self._longest_wait(done.owner_id))
            run = claim_next(worker)
            assert run is not None, "There are always more, and what nobody can serve keeps nobody"
            self._start(run.owner_id)
            heappush(self._ends, (self.hour + self.lasting[run.owner_id], worker, run))
        self.hour = until
        for _, _, run in self._ends:
            run.count_device_time()

    def close(self) -> None:
        """Who waits still has waited so long at least."""
        for person in list(self._rests):
            self._rest_ends(person)

    def _start(self, person: int) -> None:
        self._rest_ends(person)
        self.starts.append((self.hour, person))
        self._used[person] += self.lasting[person]

    def _rest_ends(self, person: int) -> None:
        if person in self._rests:
            since, most = self._rests.pop(person)
            self.waits.append((person, self.hour - since, most))

    def _longest_wait(self, person: int) -> float:
        used = self.used()
        return sum(max(0.0, used[person] - used[pk]) + hours for pk, hours in self.lasting.items() if pk != person) / WORKERS


def launch(person: User, count: int, **values: Any) -> None:
    dataset = Dataset.objects.create(owner=person, name="Pets", status=Dataset.Status.READY)
    Run.objects.bulk_create(Run(owner=person, dataset=dataset, name="Pets", config={}, queued_at=timezone.now(), **values) for _ in range(count))


def launch_all(people: list[User], lasting: dict[int, int]) -> None:
    wishes = {EAGER: {"priority": 100}, PATIENT: {"priority": -100}} | dict.fromkeys(POOLED, {"pool": "fast"})
    for number, person in enumerate(people):
        if number == CAUGHT:
            launch(person, 1, needs_gpu=True, priority=50)
        if number != LATE:
            launch(person, 300 if number == GREEDY else 36 // lasting[person.pk], **wishes.get(number, {}))


@pytest.mark.django_db
def test_shares_come_out_even_and_nobody_starves(monkeypatch: Any, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = HOURS * 3600  # no worker falls silent
    people = User.objects.bulk_create(User(username=f"person-{number}") for number in range(PEOPLE))
    lasting = {person.pk: (SHORT, LONG)[number % 2] for number, person in enumerate(people)}
    DeviceTime.objects.create(owner=people[HEAVY], day=(BEGIN - timedelta(days=22)).date(), seconds=PAST * 3600)
    laboratory = Laboratory(monkeypatch, lasting, {people[HEAVY].pk: COUNTED})
    launch_all(people, lasting)
    laboratory.work(HOURS / 2)
    launch(people[LATE], 5)
    laboratory.work(HOURS)
    laboratory.close()

    recent = DeviceTime.objects.filter(day__gte=BEGIN.date()).values("owner").annotate(hours=Sum("seconds"))
    worked = {row["owner"]: row["hours"] / 3600 for row in recent}
    assert sum(worked.values()) == pytest.approx(WORKERS * HOURS)
    assert Run.objects.get(needs_gpu=True).status == Status.QUEUED
    pooled = {people[number].pk for number in POOLED}
    assert_first_runs_come_first(laboratory, {people[LATE].pk, people[HEAVY].pk}, pooled)
    assert next(person for hour, person in laboratory.starts if hour >= HOURS / 2) == people[LATE].pk
    counted = worked | {people[HEAVY].pk: worked.get(people[HEAVY].pk, 0) + COUNTED}
    assert_shares_are_even(counted, lasting)
    beyond = [wait for person, wait, most in laboratory.waits if wait > most and person not in pooled]
    assert not beyond


def assert_first_runs_come_first(laboratory: Laboratory, others: Iterable[int], pooled: Iterable[int]) -> None:
    """`others` had used something before, or came later."""
    first: dict[int, float] = {}
    for hour, person in laboratory.starts:
        first.setdefault(person, hour)
    assert len(first) == PEOPLE
    at_first = {pk: hours for pk, hours in laboratory.lasting.items() if pk not in others}
    for person, hours in at_first.items():
        waits_for = (sum(at_first.values()) - hours) / WORKERS
        if person in pooled:
            waits_for += sum(at_first[pk] for pk in pooled) / FAST
        assert first[person] <= waits_for


def assert_shares_are_even(used: dict[int, float], lasting: dict[int, int]) -> None:
    least = min(used.values())
    rise = LONG * WORKERS / PEOPLE
    assert {pk: hours - least for pk, hours in used.items() if hours - least > lasting[pk] + rise} == {}
