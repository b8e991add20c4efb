"""Every page and every call costs the same few queries however much there is to show."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts import tokens
from portal.notices.models import Delivery, Webhook
from portal.runs.models import Favourite, LossPoint, Run, Score
from tests import factories
from tests.portal.addresses import CALLS, PAGES, Address
from tests.portal.test_visibility import filled

AT_MOST = 20
FILTERED = [
    *("/gallery/?show=mine", "/gallery/?show=live", "/gallery/?show=favourites", "/gallery/?q=pets", "/gallery/?dataset={dataset}"),
    *("/gallery/?order=longest", "/gallery/?page=2"),
    *("/datasets/?q=pets", "/datasets/?page=2", "/api/v1/runs/?status=queued", "/api/v1/runs/?dataset={dataset}", "/api/v1/runs/?page_size=1000"),
]
"""Further ways to ask for a list."""


def queries(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200, path
    return [query["sql"] for query in captured]


def paths(run: Run, who: str) -> list[str]:
    """All that may be looked at."""

    def is_shown(address: Address) -> bool:
        return address.method == "get" and address.expected("public")[who] == 200

    found = [filled(address, run) for address in (*PAGES, *CALLS) if is_shown(address)]
    return [*found, *(path.format(dataset=run.dataset_id) for path in FILTERED)]


@pytest.fixture
def run(owner: Any) -> Run:
    run = factories.finished_run(owner, factories.checked_dataset(owner, visibility="public"), visibility="public")
    run.samples.filter(step=0).update(nearest={"extractor": "A network", "usual": 0.2, "tiles": [[[0, 0.1]]]})
    return run


def grow(run: Run, people: list[Any], part: int) -> None:
    """More of everything: of what people have, and of what belongs to this run and its dataset."""
    for person in people:
        dataset = factories.make_dataset(person, visibility="public")
        for number in range(12):
            status = ("queued", "running", "failed", "paused")[number % 4]
            made = factories.make_run(person, dataset, status=status, visibility="public", worker=f"gpu{part}{number}", recipe="quick")
            factories.make_run(person, run.dataset, status=status, visibility="public")
        for step in range(8):  # enough for a film
            factories.add_sample(made, step)
        Run.objects.filter(pk=made.pk).update(status="completed")
        tokens.create(person, "laptop", 30)
        hook = Webhook.objects.create(owner=person, url=f"https://hooks.example.org/{part}")
        told = {"reason": "", "actor": None, "run": None}
        Delivery.objects.bulk_create(Delivery(owner=person, webhook=hook, run=made, event="run.completed", told=told) for _ in range(3))
    measured = dict.fromkeys(("fd", "kid", "kid_error", "precision", "recall", "density", "coverage", "mifid", "copies", "cost"), 0.5)
    for step in range(100 * part + 1, 100 * part + 9):
        Favourite.objects.create(user=run.owner, sample=factories.add_sample(run, step), tile=0)
        Score.objects.create(run=run, attempt=1, step=step, seconds=1, extractor="A network", samples=9, real=9, seed=1, **measured)
        run.transitions.create(to="queued", reason="Again", actor=run.owner)
        factories.add_artifact(run, "checkpoint", step)
    LossPoint.objects.bulk_create(
        LossPoint(run=run, attempt=1, step=step, seconds=1, discriminator=1, generator=1) for step in range(1000 * part, 1000 * part + 50)
    )
    run.dataset.skipped.all().delete()
    factories.add_skipped(run.dataset, 150 * part)


@pytest.mark.parametrize("who", ["owner", "stranger"])
def test_more_to_show_costs_no_more_queries(clients: dict[str, Client], owner: Any, member: Any, run: Run, who: str) -> None:
    for part in (1, 2):
        grow(run, [owner, member], part)
    asked = paths(run, who)
    assert len(asked) > 25
    for path in asked:
        queries(clients[who], path)  # what is read but once
    few = {path: queries(clients[who], path) for path in asked}
    grow(run, [owner, member], 3)
    for path in asked:
        many = queries(clients[who], path)
        assert len(many) <= len(few[path]) <= AT_MOST, (path, len(few[path]), many)
