"""Two workers, one run: never both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from portal.runs import control
from portal.runs.models import Run, Status, Transition
from portal.workers.models import Worker
from tests.training import launched, person, ready
from worker.claim import claim_next

pytestmark = pytest.mark.django_db(transaction=True)
RIVALS = 8


def race(rivals: int) -> list[Run | None]:
    """That many threads claim in the same instant, each on a connection of its own."""
    barrier = Barrier(rivals)

    def rush(number: int) -> Run | None:
        try:
            barrier.wait()
            return claim_next(f"rival-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(rivals) as pool:
        return list(pool.map(rush, range(rivals)))


def test_of_many_rivals_one_gets_the_run(broker: object) -> None:
    owner = person()
    dataset = ready(owner)
    for _ in range(5):
        run = launched(owner, dataset, steps=1)
        winners = [claimed for claimed in race(RIVALS) if claimed]
        assert [winner.pk for winner in winners] == [run.pk]
        run.refresh_from_db()
        assert (run.attempt, run.status, run.worker) == (1, Status.STARTING, winners[0].worker)
        assert Transition.objects.filter(run=run, to=Status.STARTING).count() == 1
        run.move(Status.COMPLETED, frm=(Status.STARTING,), reason="Done")


def test_rivals_share_several_runs_without_overlap(broker: object) -> None:
    owners = [person(f"owner{number}") for number in range(3)]
    runs = {launched(owner, ready(owner), steps=1).pk for owner in owners for _ in range(2)}
    claimed = [run.pk for run in race(RIVALS) if run]
    assert len(claimed) == len(set(claimed)) == len(runs)


def test_rivals_together_respect_the_quota_of_an_owner(broker: object) -> None:
    owner = person(running_quota=1)
    dataset = ready(owner)
    for _ in range(6):
        launched(owner, dataset, steps=1)
    assert sum(run is not None for run in race(RIVALS)) == 1


def test_the_owner_with_fewest_running_runs_is_next(broker: object) -> None:
    busy, idle = person("busy"), person("idle")
    for _ in range(2):
        launched(busy, ready(busy), steps=1)
    assert claim_next("one").owner == busy
    launched(idle, ready(idle), steps=1)
    assert claim_next("two").owner == idle


def test_a_run_that_no_free_worker_can_serve_does_not_keep_those_behind_it(broker: object) -> None:
    owner = person()
    dataset = ready(owner)
    large = launched(owner, dataset, steps=1)
    Run.objects.filter(pk=large.pk).update(needs_memory=20 * 10**9)
    small = launched(owner, dataset, steps=1)
    Worker.objects.create(name="small", memory=8 * 10**9)
    Worker.objects.create(name="large", memory=24 * 10**9, is_gpu=True, devices=4)
    assert claim_next("small").pk == small.pk
    assert claim_next("small") is claim_next("unknown") is None
    claimed = claim_next("large")
    assert (claimed.pk, claimed.devices) == (large.pk, 4)


def test_what_is_held_back_while_workers_rush_is_claimed_or_held_never_both(broker: object) -> None:
    owner = person()
    dataset = ready(owner)
    for _ in range(5):
        run = launched(owner, dataset, steps=1)

        def hold(run: Run = run) -> None:
            try:
                control.hold(run, owner)
            except control.ActionRefused:
                pass
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(hold)
            winners = [claimed for claimed in race(2) if claimed]
        run.refresh_from_db()
        assert (run.status, run.held) == ((Status.STARTING, False) if winners else (Status.QUEUED, True))
        Run.objects.all().delete()


def test_a_claim_carries_a_lease(broker: object, settings: object) -> None:
    settings.GANVAS_LEASE_SECONDS = 40
    owner = person()
    launched(owner, ready(owner), steps=1)
    run = claim_next("one")
    assert timedelta(seconds=35) < run.lease_expires - timezone.now() <= timedelta(seconds=40)


def test_an_empty_queue_gives_nothing(broker: object) -> None:
    assert claim_next("one") is None
