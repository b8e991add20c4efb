"""Every deed that changes a run or dataset is recorded, with who did it; values that may be private are told to few."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from portal.datasets.models import Dataset
from portal.datasets.remove import remove
from portal.runs import control
from portal.runs.models import Run, Status
from portal.trail.models import Deed
from tests import factories


def told(run: Run) -> list[tuple[str, str, str]]:
    """What changed no status: reason, detail, actor."""
    return [(move.reason, move.detail, move.actor_name) for move in run.transitions.order_by("pk") if move.frm == move.to]


def test_changes_by_the_api_are_recorded_one_by_one(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, name="A")
    wanted = {"name": "B", "visibility": "public", "needs_gpu": True, "needs_memory": 8 * 10**9, "pool": "big", "priority": -5}
    for _ in range(2):
        assert api.patch(f"/api/v1/runs/{run.pk}/", wanted, format="json").status_code == 200
    run.refresh_from_db()
    assert (run.name, run.visibility, run.needs_gpu, run.needs_memory, run.pool) == ("B", "public", True, 8 * 10**9, "big")
    assert sorted(told(run)) == [
        ("Needed device memory changed from any to 8 GB", "", "olga"),
        ("Needs a GPU changed from no to yes", "", "olga"),
        ("Pool changed from any to big", "", "olga"),
        ("Priority changed from 0 to -5", "", "olga"),
        ("Renamed", "from “A” to “B”", "olga"),
        ("Visibility changed", "from Me to Everyone", "olga"),
    ]


def test_old_names_are_told_to_the_owner_and_the_staff_only(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, name="Secret")
    form = {"name": "Open", "visibility": "public"}
    assert clients["owner"].post(reverse("runs:edit", args=[run.pk]), form).status_code == 302
    for who, client in clients.items():
        page = client.get(run.get_absolute_url()).content.decode()
        answer = client.get(f"/api/v1/runs/{run.pk}/transitions/")
        assert "Renamed" in page and "Renamed" in {one["reason"] for one in answer.json()["results"]}
        may = who in ("owner", "staff")
        assert [("Secret" in text, "Me to Everyone" in text) for text in (page, answer.content.decode())] == [(may, may)] * 2, who


def test_the_administration_is_recorded_too(owner: Any, member: Any, staff: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    formset = {f"transitions-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = {"name": run.name, "owner": member.pk, "visibility": run.visibility, "priority": 7, **formset}
    assert clients["staff"].post(f"/admin/runs/run/{run.pk}/change/", form).status_code == 302
    assert sorted(told(run)) == [("Owner changed", "from olga to max", "sam"), ("Priority changed from 0 to 7", "", "sam")]
    run.refresh_from_db()
    assert (run.owner, run.priority) == (member, 7)


def test_a_move_in_the_queue_is_recorded_at_both_runs(owner: Any) -> None:
    now = timezone.now()
    first, second = (factories.make_run(owner, queued_at=now - timedelta(minutes=ago)) for ago in (2, 1))
    control.move(second, owner, "up")
    assert told(second) == [("Moved up in the queue", "", "olga")]
    assert told(first) == [("Moved down in the queue, by a move of another run", "", "olga")]


def test_wishes_leave_one_record_each_whatever_becomes_of_them(owner: Any, staff: Any) -> None:
    run = factories.make_run(owner, status="running")
    control.pause(run, owner)
    control.pause(run, staff)
    control.stop(run, staff)
    assert told(run) == [("Asked to pause, and then to stop", "", "olga")]
    assert run.move(Status.COMPLETED, frm=("running",), reason="Trained", control="")
    assert told(run)[1:] == [("Asked to stop, but it ended by itself before that", "", "sam")]
    assert run.transitions.first().reason == "Trained"


def test_every_verb_leaves_one_record_with_its_actor(owner: Any, staff: Any) -> None:
    run = factories.make_run(owner)
    for verb in (control.hold, control.release, control.pause, control.resume, control.stop, control.retry):
        before = run.transitions.count()
        verb(run, staff)
        assert run.transitions.count() == before + 1 and run.transitions.first().actor_name == "sam", verb.__name__


def test_a_clone_tells_its_origin_to_those_who_may_see_that(owner: Any, api: APIClient, member: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner, visibility="public")
    origin = factories.make_run(owner, dataset, name="Ur-faces")
    wanted = {"name": "Again", "dataset": str(dataset.pk), "visibility": "public", "config": {"steps": 9}, "origin": str(origin.pk)}
    made = api.post("/api/v1/runs/", wanted, format="json")
    assert made.status_code == 201, made.content
    address = f"/api/v1/runs/{made.json()['id']}/transitions/"
    page = reverse("runs:detail", args=[made.json()["id"]])
    for who, client in clients.items():
        may = who in ("owner", "staff")
        assert client.get(address).json()["results"][0]["origin"] == (str(origin.pk) if may else None)
        assert ("Ur-faces" in client.get(page).content.decode()) is may
    other = factories.make_run(member, name="Hidden")
    assert api.post("/api/v1/runs/", {**wanted, "origin": str(other.pk)}, format="json").status_code == 400
    control.stop(origin, owner)
    control.delete(origin, owner)
    assert api.get(address).json()["results"][0]["origin"] is None


def test_the_form_of_a_clone_records_its_origin(owner: Any, client: Client) -> None:
    origin = factories.make_run(owner)
    client.force_login(owner)
    address = f"{reverse('runs:new')}?clone={origin.pk}"
    form = {**{name: "" if value is None else value for name, value in origin.config.items()}, "name": "Again", "visibility": "private"}
    assert client.post(address, form).status_code == 302
    assert Run.objects.get(name="Again").transitions.get().origin == origin


def test_deletions_outlive_what_is_gone(owner: Any, member: Any, staff: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    dataset, pk = run.dataset, run.pk
    Dataset.objects.filter(pk=dataset.pk).update(bytes=77)
    stored = sum(one.bytes for one in [*run.samples.all(), *run.artifacts.all()])
    control.delete(run, staff)
    control.delete(run, owner)
    remove(dataset, owner)
    remove(dataset, owner)
    wanted = [("dataset", dataset.pk, "Pets", "olga", "olga", 77), ("run", pk, "Sunday pets", "olga", "sam", stored)]
    assert list(Deed.objects.values_list("kind", "thing", "name", "owner_name", "actor_name", "freed")) == wanted
    assert [len(clients[who].get("/api/v1/deeds/").json()["results"]) for who in ("owner", "member", "staff")] == [2, 0, 2]
    staff.delete()
    owner.delete()
    assert list(Deed.objects.values_list("kind", "thing", "name", "owner_name", "actor_name", "freed")) == wanted


def test_a_refused_deletion_leaves_no_record(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner, status="running")
    assert api.delete(f"/api/v1/runs/{run.pk}/").status_code == api.delete(f"/api/v1/datasets/{run.dataset_id}/").status_code == 409
    assert not Deed.objects.exists()


def test_changes_of_datasets_are_recorded(owner: Any, staff: Any, api: APIClient, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner)
    assert api.patch(f"/api/v1/datasets/{dataset.pk}/", {"name": "Cats"}, format="json").status_code == 200
    form = {"name": "Cats", "description": "Mine", "visibility": "members"}
    assert clients["staff"].post(reverse("datasets:edit", args=[dataset.pk]), form).status_code == 302
    assert clients["staff"].post(f"/admin/datasets/dataset/{dataset.pk}/change/", {**form, "name": "Lions", "owner": owner.pk}).status_code == 302
    assert [(one.actor_name, one.what, one.detail) for one in Deed.objects.order_by("pk")] == [
        ("olga", "Renamed", "from “Pets” to “Cats”"),
        ("sam", "Description changed", ""),
        ("sam", "Visibility changed", "from Me to Members"),
        ("sam", "Renamed", "from “Cats” to “Lions”"),
    ]


def test_an_actor_who_is_gone_keeps_the_name_in_the_history(owner: Any, staff: Any, client: Client) -> None:
    run = factories.make_run(owner, visibility="public")
    control.hold(run, staff)
    staff.delete()
    assert "Held back by sam" in client.get(run.get_absolute_url()).content.decode()


def test_the_administration_cannot_change_the_trail(clients: dict[str, Client], owner: Any) -> None:
    deed = Deed.objects.record(factories.make_dataset(owner), owner, "Renamed")
    page = f"/admin/trail/deed/{deed.pk}"
    assert clients["staff"].get(f"{page}/change/").status_code == 200
    answers = [clients["staff"].post(f"{page}/{verb}/", {"what": "x", "post": "yes"}).status_code for verb in ("change", "delete")]
    assert answers == [403, 403] and Deed.objects.get().what == "Renamed"
