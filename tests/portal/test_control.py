"""Pause, resume, stop, retry, hold, release, draw a sheet, delete: what each does in each state."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from portal import broker, queue
from portal.runs.models import Run, Status
from tests import factories

REFUSED = None
AFTER = {
    "pause": {"queued": "paused", "starting": "starting", "running": "running"},
    "stop": {"queued": "stopped", "paused": "stopped", "starting": "starting", "running": "running"},
    "resume": {"paused": "queued"},
    "retry": {"failed": "queued", "stopped": "queued"},
    "sample": {"running": "running"},
    "hold": {"queued": "queued"},
}


def call(api: APIClient, run: Run, verb: str) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/{verb}/")


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("verb", AFTER)
def test_a_verb_in_a_state(owner: Any, api: APIClient, verb: str, status: str) -> None:
    run = factories.make_run(owner, status=status)
    answer = call(api, run, verb)
    run.refresh_from_db()
    expected = AFTER[verb].get(status, REFUSED)
    assert answer.status_code == (409 if expected is REFUSED else 202)
    assert run.status == (status if expected is REFUSED else expected)
    if expected is REFUSED:
        assert f"it is {status}" in answer.json()["errors"][0]["detail"]
    else:
        assert answer.json()["status"] == run.status


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_a_held_run_gets_a_wish(owner: Any, api: APIClient, verb: str) -> None:
    run = factories.make_run(owner, status=Status.RUNNING)
    assert call(api, run, verb).json()["control"] == verb
    run.refresh_from_db()
    assert (run.control, run.control_by) == (verb, owner)


def test_a_wish_to_stop_is_not_weakened_to_a_pause(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, status=Status.RUNNING)
    call(api, run, "stop")
    assert call(api, run, "pause").status_code == 409
    run.refresh_from_db()
    assert run.control == "stop"


def test_the_move_is_ascribed_to_who_wished_it(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner)
    assert run.claim("worker-1")
    call(api, run, "stop")
    run.refresh_from_db()
    assert run.move(Status.STOPPED, frm=(Status.STARTING,), reason="Stopped as asked", held_by=run.attempt)
    assert run.transitions.first().actor == owner


def test_a_sheet_is_asked_for(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, status=Status.RUNNING)
    call(api, run, "sample")
    run.refresh_from_db()
    assert run.sample_wanted


def test_trying_again_starts_with_a_clean_slate(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, status=Status.FAILED, failures=3, error="It fell apart.", step=40, control="stop")
    call(api, run, "retry")
    run.refresh_from_db()
    assert (run.failures, run.error, run.finished, run.control) == (0, "", None, "")
    assert run.step == 40  # it goes on from its last checkpoint


@pytest.mark.parametrize(("status", "verb"), [("paused", "resume"), ("failed", "retry")])
def test_going_on_wakes_a_worker(
    owner: Any, api: APIClient, django_capture_on_commit_callbacks: Any, monkeypatch: Any, status: str, verb: str
) -> None:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(queue, "_send", lambda *message: sent.append(message))
    with django_capture_on_commit_callbacks(execute=True):
        call(api, factories.make_run(owner, status=status), verb)
    assert sent == [(queue.TRAIN,)]


def test_open_pages_hear_of_it(owner: Any, api: APIClient, django_capture_on_commit_callbacks: Any, monkeypatch: Any) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(broker, "publish", lambda *message: heard.append(message))
    run = factories.make_run(owner)
    with django_capture_on_commit_callbacks(execute=True):
        call(api, run, "pause")
    assert [(pk, event, data["status"]) for pk, event, data in heard] == [(run.pk, "status", "paused")]


def test_others_may_not(owner: Any, member_api: APIClient) -> None:
    run = factories.make_run(owner, visibility="public")
    for verb in [*AFTER, "release", "move"]:
        assert call(member_api, run, verb).status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


def test_the_staff_may(owner: Any, staff: Any, staff_api: APIClient) -> None:
    run = factories.make_run(owner)
    assert call(staff_api, run, "stop").status_code == 202
    assert run.transitions.first().actor == staff


@pytest.mark.parametrize("status", ["starting", "running"])
def test_a_held_run_is_not_deleted(owner: Any, api: APIClient, status: str) -> None:
    run = factories.make_run(owner, status=status)
    assert api.delete(f"/api/v1/runs/{run.pk}/").status_code == 409
    assert Run.objects.filter(pk=run.pk).exists()


def test_deleting_leaves_no_file(owner: Any, api: APIClient, django_capture_on_commit_callbacks: Any) -> None:
    run = factories.finished_run(owner)
    assert default_storage.exists(run.directory)
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"/api/v1/runs/{run.pk}/").status_code == 204
    assert not default_storage.exists(run.directory)
    assert not Run.objects.exists()


def test_a_change_keeps_what_the_process_wrote_meanwhile(owner: Any, api: APIClient, monkeypatch: Any) -> None:
    from portal.runs.serializers import RunSerializer

    run = factories.make_run(owner, status="running", step=1)
    before = RunSerializer.update

    def while_the_process_reports(*args: Any) -> Any:
        Run.objects.filter(pk=run.pk).update(step=90)
        return before(*args)

    monkeypatch.setattr(RunSerializer, "update", while_the_process_reports)
    assert api.patch(f"/api/v1/runs/{run.pk}/", {"name": "Monday", "visibility": "public"}, format="json").status_code == 200
    run.refresh_from_db()
    assert (run.name, run.visibility, run.step) == ("Monday", "public", 90)


def test_a_change_does_not_overtake(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner)
    assert api.patch(f"/api/v1/runs/{run.pk}/", {"priority": 9}, format="json").status_code == 400


def test_a_run_is_held_back_and_released(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner)
    assert call(api, run, "release").status_code == 409
    answer = call(api, run, "hold").json()
    assert (answer["held"], answer["status"], answer["queue_position"]) == (True, "queued", None)
    assert "held back already" in call(api, run, "hold").json()["errors"][0]["detail"]
    assert call(api, run, "release").json()["held"] is False
    moves = run.transitions.order_by("pk").values_list("frm", "to", "reason", "actor__username")
    assert list(moves)[1:] == [("queued", "queued", "Held back", "olga"), ("queued", "queued", "Released", "olga")]


def test_resuming_releases(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, held=True)
    call(api, run, "pause")
    assert call(api, run, "resume").json()["held"] is False


@pytest.mark.parametrize("verb", ["resume", "retry"])
def test_going_on_needs_room_in_the_queue(owner: Any, api: APIClient, settings: Any, verb: str) -> None:
    settings.GANVAS_QUOTA_QUEUED = 1
    factories.make_run(owner)
    run = factories.make_run(owner, status="paused" if verb == "resume" else "failed")
    answer = call(api, run, verb)
    assert (answer.status_code, answer.json()["errors"][0]["detail"][:19]) == (409, "Your queue is full:")
