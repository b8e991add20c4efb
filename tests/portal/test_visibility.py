"""What is not yours looks as if it did not exist: every address, for everybody, at every visibility."""

import asyncio
import re
from typing import Any

import pytest
from django.conf import settings as installation
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from portal import live
from portal.runs.models import Run
from tests import factories
from tests.portal.addresses import ALL, API, WHO, Address, routes, visible

VISIBILITIES = ["private", "members", "public"]


@pytest.fixture
def run(owner: Any, request: Any) -> Run:
    """A finished run on a checked dataset, both of the visibility that the test is about."""
    visibility = request.getfixturevalue("visibility")
    run = factories.finished_run(owner, factories.checked_dataset(owner, visibility=visibility), visibility=visibility)
    run.samples.filter(step=0).update(nearest={"extractor": "A network", "usual": 0.2, "tiles": [[[0, 0.1]]]})
    return run


def test_every_address_is_listed() -> None:
    known = {address.route for address in ALL}
    found = {route for route, _ in routes(get_resolver()) if not route.startswith("admin/")}
    assert found - known == set(), "List the new address in tests/portal/addresses.py, with what it answers to whom."
    assert known - found == set(), "These addresses no longer exist."


def filled(address: Address, run: Run) -> str:
    """The address with the ids of the test's objects."""
    artifact, sample = run.artifacts.first(), run.samples.first()
    ids = {
        "pk": run.dataset_id if "datasets/" in address.route else run.pk,
        "token_id": run.pk,
        "artifact_id": artifact.pk if artifact else 0,
        "sample": sample.pk if sample else 0,
        **address.names,
    }
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", address.route).replace("^", "").rstrip("$")
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(ids[match[1]]), path)
    return f"/{path}{address.query.format(dataset=run.dataset_id, run=run.pk)}"


def call(client: Client, address: Address, path: str) -> Any:
    """Make the call and undo what it did."""
    with transaction.atomic():
        try:
            options = {"content_type": "application/json"} if address.route.startswith(API) and address.method != "get" else {}
            return getattr(client, address.method)(path, address.data, **options)
        finally:
            transaction.set_rollback(True)


CASES = [(address, visibility) for address in ALL for visibility in (VISIBILITIES if address.is_of_an_object else ["private"])]
IDS = [f"{address.method} {address.route}{address.query} {visibility}" for address, visibility in CASES]


@pytest.mark.parametrize(("address", "visibility"), CASES, ids=IDS)
def test_an_address_answers_each_as_it_should(clients: dict[str, Client], run: Run, address: Address, visibility: str) -> None:
    Run.objects.filter(pk=run.pk).update(status=address.run_status)
    path = filled(address, run)
    answers = {who: call(clients[who], address, path) for who in WHO}
    assert {who: answer.status_code for who, answer in answers.items()} == address.expected(visibility)
    if answers["stranger"].status_code == 302 and answers["owner"].status_code == 200 and address.route != "accounts/logout/":
        assert answers["stranger"]["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("path", ["/", "/gallery/", "/gallery/?q=Sunday", "/datasets/", f"/{API}runs/", f"/{API}datasets/"])
def test_a_list_shows_only_what_one_may_see(clients: dict[str, Client], owner: Any, path: str, visibility: str) -> None:
    dataset = factories.make_dataset(owner, visibility=visibility)
    run = factories.make_run(owner, dataset, visibility=visibility)
    ids = (str(run.pk), str(dataset.pk))
    seen = {who: any(one in clients[who].get(path).content.decode() for one in ids) for who in WHO}
    assert seen == {"stranger": visibility == "public", "member": visibility != "private", "owner": True, "staff": True}


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_a_public_run_does_not_open_its_dataset(clients: dict[str, Client], owner: Any, visibility: str) -> None:
    run = factories.finished_run(owner, factories.checked_dataset(owner, visibility="private"), name="Open", visibility=visibility)
    for who in ("stranger", "member"):
        assert "Pets" not in clients[who].get(f"/runs/{run.pk}/").content.decode()
        assert clients[who].get(f"/{API}datasets/{run.dataset_id}/").status_code == 404


def test_the_administration_is_the_staffs(clients: dict[str, Client], owner: Any) -> None:
    run = factories.make_run(owner)
    ids = {"object_id": run.pk, "id": owner.pk, "content_type_id": 1, "app_label": "runs", "url": "x"}
    paths = []
    for route, _ in routes(get_resolver()):
        if route.startswith("admin/"):
            path = re.sub(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\))?[^()]*\)", r"<\1>", route).replace("^", "").rstrip("$")
            paths.append("/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(ids[match[1]]), path))
    assert len(paths) > 20
    for path in paths:
        answers = {who: clients[who].get(path, follow=True) for who in WHO if who != "staff"}
        assert answers["stranger"].redirect_chain[-1][0].startswith("/accounts/login/"), path
        assert {answers["member"].status_code, answers["owner"].status_code} <= {403, 404}, path


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_the_stream_answers_each_as_it_should(clients: dict[str, Client], owner: Any, visibility: str) -> None:
    run = factories.make_run(owner, visibility=visibility)

    async def knock(who: str) -> int:
        cookie = clients[who].cookies.get(installation.SESSION_COOKIE_NAME)
        headers = [(b"host", b"localhost"), (b"cookie", f"{installation.SESSION_COOKIE_NAME}={cookie.value if cookie else ''}".encode())]
        scope: Any = {"type": "http", "method": "GET", "path": f"/{API}runs/{run.pk}/events/", "query_string": b"", "headers": headers}
        return await asyncio.get_running_loop().run_in_executor(live.doormen, live.authorise, scope, run.pk)

    assert {who: asyncio.run(knock(who)) for who in WHO} == visible()(visibility)
