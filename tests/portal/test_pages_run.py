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
        ("queued", {"pause", "stop", "hold"}),
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


CONDITIONAL = factories.CONFIG.model_copy(update={"conditional": True, "augmentation": "adaptive"})


def test_classes_can_be_picked_and_drawn_without_scripts(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.RUNNING, config=CONDITIONAL)
    factories.add_sample(run, 5)
    text = text_of(clients["owner"], run)
    assert f'action="/runs/{run.pk}/sample-class/"' in text
    assert '<option value="dogs">dogs</option>' in text
    response = clients["owner"].post(f"/runs/{run.pk}/sample-class/", {"label": "dogs"}, follow=True)
    assert response.redirect_chain[-1][0] == f"/runs/{run.pk}/?label=dogs"
    assert "A sheet of dogs is drawn at the next step." in response.content.decode()
    run.refresh_from_db()
    assert run.class_sheets_wanted == [1]


def test_a_class_that_cannot_be_drawn_says_why(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.COMPLETED, config=CONDITIONAL)
    for label, words in (("owls", "There is no class “owls”."), ("dogs", "You cannot draw a sheet of this run: it is completed.")):
        assert words in clients["owner"].post(f"/runs/{run.pk}/sample-class/", {"label": label}, follow=True).content.decode()


def test_only_the_owner_has_classes_drawn(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, status=Status.RUNNING, visibility="public", config=CONDITIONAL)
    factories.add_sample(run, 5)
    assert 'id="draw-class"' not in text_of(clients["member"], run)
    assert clients["member"].post(f"/runs/{run.pk}/sample-class/", {"label": "dogs"}).status_code == 404


def test_the_meter_is_there_for_adaptive_augmentation_only(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner, config=CONDITIONAL)
    run.losses.filter(step=100).update(augmentation=0.344)
    assert "34 %" in text_of(clients["owner"], run)
    assert "Overfitting meter" not in text_of(clients["owner"], factories.finished_run(owner))


def test_what_fell_apart_is_told_in_words(owner: Any, clients: dict[str, Client]) -> None:
    message = "The losses became infinite at step 3 210. We went back to the checkpoint at step 3 000."
    run = factories.make_run(owner, status=Status.RUNNING, step=3000, verdict={"level": "bad", "title": "It fell apart", "text": message})
    run.transitions.create(frm="running", to="running", reason=message, step=3000)
    text = text_of(clients["owner"], run)
    assert f"<h2>It fell apart</h2><p>{message}</p>" in text
    assert f"<span>{message}</span>" in text, "In what happened, without the step once more"


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
    text = text_of(clients["owner"], run)
    assert "Queued: 2nd</span>" in text
    assert "No worker is there at the moment." in text


def test_holding_and_releasing_work_without_scripts(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    text = clients["owner"].post(f"/runs/{run.pk}/hold/", follow=True).content.decode()
    assert "Queued: held back</span>" in text
    clients["owner"].post(f"/runs/{run.pk}/release/")
    run.refresh_from_db()
    assert not run.held


def test_what_it_uses_is_told_while_it_runs(owner: Any, clients: dict[str, Client]) -> None:
    reading = {
        "cpu_percent": 187.0,
        "memory_bytes": 1_240_000_000,
        "gpu_percent": 88.0,
        "gpu_memory_bytes": 9_100_000_000,
        "gpu_memory_total": 24 * 10**9,
    }
    run = factories.make_run(owner, status=Status.RUNNING, telemetry={"measured": "2026-11-23T05:00:00Z", **reading})
    words = "1.9 cores, 1.2 GB, GPU 88 %, 9.1 GB of 24 GB"
    assert f'<span id="load">{words}</span>' in text_of(clients["owner"], run)
    assert clients["owner"].get(f"/api/v1/runs/{run.pk}/").json()["telemetry"]["cpu_percent"] == 187.0
    Run.objects.filter(pk=run.pk).update(status=Status.PAUSED)
    assert words not in text_of(clients["owner"], run)
