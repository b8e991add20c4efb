"""Fifty people, eight workers and five days, in virtual time: everybody gets the same, whoever launches most or longest, and nobody starves.

The claims are real ones, on the real database; only training is replaced by the passing of its hours. Of 960 device hours, 19.2 for each, everybody
gets 18 to 27, so that they are no more than one long run apart: owners of short runs 19.1 to 19.6 on average, of long ones 18.8 to 19.4, the
one with 200 runs 21, the one who comes after 60 hours 18. The longest wait between two runs of a person is 63 to 72 hours (five repetitions).
"""

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from statistics import fmean
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from portal.accounts.models import DeviceTime, User
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Run, Status
from portal.workers.models import Worker
from worker.claim import claim_next

PEOPLE, WORKERS, HOURS = 50, 8, 120
SHORT, LONG = 3, 9
"""Hours of a run; every other person's are long."""
GREEDY, LATE = 0, 1
"""One person launches hundreds of runs; another comes when half the time is over."""


class Laboratory:
    """Workers that claim the next run whenever they are free."""

    def __init__(self, monkeypatch: Any) -> None:
        self.hour = 0.0
        begin = datetime(2026, 3, 2, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: begin + timedelta(hours=self.hour))
        Worker.objects.bulk_create(Worker(name=str(number)) for number in range(WORKERS))
        self.started: dict[int, list[float]] = {}
        """Hours at which the runs of each person started."""
        self._ends: list[tuple[float, str, Run | None]] = [(0.0, str(number), None) for number in range(WORKERS)]

    def work(self, until: float) -> None:
        while self._ends[0][0] < until:
            self.hour, worker, done = heappop(self._ends)
            if done:
                done.move(Status.COMPLETED, frm=ACTIVE, reason="All steps done")
            run = claim_next(worker)
            assert run is not None  # there are always more
            self.started.setdefault(run.owner_id, []).append(self.hour)
            heappush(self._ends, (self.hour + run.config["hours"], worker, run))
        self.hour = until
        for _, _, run in self._ends:
            run.count_device_time()


def launch(person: User, count: int, hours: int) -> None:
    dataset = Dataset.objects.create(owner=person, name="Pets", status=Dataset.Status.READY)
    Run.objects.bulk_create(Run(owner=person, dataset=dataset, name="Pets", config={"hours": hours}, queued_at=timezone.now()) for _ in range(count))


@pytest.mark.django_db
def test_shares_come_out_even_and_nobody_starves(monkeypatch: Any, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = HOURS * 3600  # no worker falls silent
    laboratory = Laboratory(monkeypatch)
    people = User.objects.bulk_create(User(username=f"person-{number}") for number in range(PEOPLE))
    lasting = {person.pk: (SHORT, LONG)[number % 2] for number, person in enumerate(people)}
    for number, person in enumerate(people):
        if number != LATE:
            launch(person, 200 if number == GREEDY else 30 // lasting[person.pk], lasting[person.pk])
    laboratory.work(HOURS / 2)
    launch(people[LATE], 5, lasting[people[LATE].pk])
    laboratory.work(HOURS)

    used = {row["owner"]: row["hours"] / 3600 for row in DeviceTime.objects.values("owner").annotate(hours=Sum("seconds"))}
    assert sum(used.values()) == pytest.approx(WORKERS * HOURS)
    mean = WORKERS * HOURS / PEOPLE
    assert max(used.values()) - min(used.values()) <= LONG + SHORT
    assert fmean(hours for pk, hours in used.items() if lasting[pk] == SHORT) == pytest.approx(mean, rel=0.1)
    assert abs(used[people[GREEDY].pk] - mean) < 2 * SHORT
    assert laboratory.started[people[LATE].pk][0] - HOURS / 2 <= SHORT  # the next free worker is for whoever comes new
    waits = [later - start - lasting[pk] for pk, hours in laboratory.started.items() for start, later in pairwise([*hours, HOURS])]
    assert len(laboratory.started) == PEOPLE
    assert max(waits) < 2 * PEOPLE * LONG / WORKERS  # until all others have had two of the longest runs
