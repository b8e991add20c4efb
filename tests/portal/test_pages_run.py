"""The page of a run, and the buttons on it."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from portal.runs.models import Run, Status
from tests import factories


def text_of(client: Client, run: Run, query: str = "") -> str:
    response = client.get(f"/runs/{run.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script id="run-data" type="application/json">(.*?)</script>', text, re.S)
    assert found
    return dict(json.loads(found[1]))


def test_it_shows_the_newest_sheet(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    text = text_of(clients["owner"], run)
    assert f"/api/v1/runs/{run.pk}/samples/100/image/" in text
    assert [sheet[1] for sheet in data_of(text)["sheets"]] == [0, 100]


@pytest.mark.parametrize(("wanted", "shown"), [("0", 0), ("99", 0), ("100", 100), ("5000", 100), ("nonsense", 100)])
def test_an_address_can_name_a_moment(owner: Any, clients: dict[str, Client], wanted: str, shown: int) -> None:
    run = factories.finished_run(owner)
    page = clients["owner"].get(f"/runs/{run.pk}/?step={wanted}")
    assert page.context["sheet"]["step"] == shown


def test_without_scripts_the_sheets_are_linked(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    assert 'href="?step=0"' in text_of(clients["owner"], run)
    assert 'href="?step=100"' in text_of(clients["owner"], run, "?step=0")


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        ("queued", {"pause", "stop"}),
        ("running", {"pause", "stop", "sample"}),
        ("paused", {"resume", "stop"}),
        ("failed", {"retry"}),
        ("stopped", {"retry"}),
        ("completed", set()),
    ],
)
def test_the_owner_gets_the_actions_of_the_state(owner: Any, clients: dict[str, Client], status: str, actions: set[str]) -> None:
    run = factories.make_run(owner, status=status)
    text = text_of(clients["owner"], run)
    assert set(re.findall(rf'action="/runs/{run.pk}/(\w+)/"', text)) - {"edit", "delete"} == actions


def test_others_get_no_actions(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.RUNNING, visibility="public")
    for who in ("stranger", "member"):
        assert f'action="/runs/{run.pk}/' not in text_of(clients[who], run)


def test_pausing_a_waiting_run_works_without_scripts(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    response = clients["owner"].post(f"/runs/{run.pk}/pause/", follow=True)
    run.refresh_from_db()
    assert (run.status, response.redirect_chain[-1][0]) == (Status.PAUSED, f"/runs/{run.pk}/")


def test_a_refused_action_says_why(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.COMPLETED)
    text = clients["owner"].post(f"/runs/{run.pk}/resume/", follow=True).content.decode()
    assert "You cannot resume this run: it is completed." in text


def test_a_wish_is_shown_while_it_is_pending(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.RUNNING, control="pause")
    assert "Pausing" in text_of(clients["owner"], run)


def test_a_failure_is_told_in_words_and_escaped(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.FAILED, error="The losses became <infinite> at step 3.")
    text = text_of(clients["owner"], run)
    assert "The losses became &lt;infinite&gt; at step 3." in text
    assert 'role="alert"' in text


def test_downloads_appear_with_size_and_sum(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    text = text_of(clients["owner"], run)
    weights = run.artifacts.get(kind="weights")
    assert f"/api/v1/runs/{run.pk}/weights/" in text
    assert weights.sha256 in text
    assert "/weights/" not in text_of(clients["owner"], factories.make_run(owner))


def test_rename_and_share(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    clients["owner"].post(f"/runs/{run.pk}/edit/", {"name": "New name", "visibility": "public"})
    run.refresh_from_db()
    assert (run.name, run.visibility) == ("New name", "public")


def test_a_run_without_a_name_is_not_saved(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    response = clients["owner"].post(f"/runs/{run.pk}/edit/", {"name": " ", "visibility": "public"})
    run.refresh_from_db()
    assert (response.status_code, run.name) == (200, "Sunday pets")


def test_deleting_asks_first(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    assert "cannot be undone" in clients["owner"].get(f"/runs/{run.pk}/delete/").content.decode()
    assert Run.objects.filter(pk=run.pk).exists()
    clients["owner"].post(f"/runs/{run.pk}/delete/")
    assert not Run.objects.filter(pk=run.pk).exists()


def test_a_run_at_work_is_not_deleted(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.RUNNING)
    text = clients["owner"].post(f"/runs/{run.pk}/delete/", follow=True).content.decode()
    assert "Stop it first" in text
    assert Run.objects.filter(pk=run.pk).exists()


def test_the_page_tells_its_place_in_the_queue(owner: Any, member: Any, clients: dict[str, Client]) -> None:
    factories.make_run(member)
    run = factories.make_run(owner)
    assert "It is 2nd in the queue." in text_of(clients["owner"], run)
