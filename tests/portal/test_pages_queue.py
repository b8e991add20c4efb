"""The page of the queue, and its number on every page."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.signals import post_init
from django.test import Client
from django.utils import timezone

from portal.accounts.models import DeviceTime
from portal.runs import queue_page
from portal.runs.models import Run, Status
from portal.workers.models import Worker
from tests import factories

GB = 10**9


def text_of(client: Client, query: str = "") -> str:
    response = client.get(f"/queue/{query}")
    assert response.status_code == 200
    return response.content.decode()


def waiting(owner: Any, name: str, minutes: int, **values: Any) -> Run:
    return factories.make_run(owner, name=name, queued_at=timezone.now() - timedelta(minutes=minutes), **values)


def names() -> list[str]:
    return [run.name for run in Run.objects.in_queue_order()]


def test_what_one_may_not_see_is_a_private_run(owner: Any, clients: dict[str, Client]) -> None:
    Worker.objects.create(name="desk")
    dataset = factories.checked_dataset(owner)
    at_work = factories.finished_run(owner, dataset, name="Secret work")
    Run.objects.filter(pk=at_work.pk).update(status=Status.RUNNING, worker="desk", telemetry={"memory_bytes": 77 * GB, "cpu_percent": 100.0})
    waits = factories.make_run(owner, dataset, name="Secret wait", step=7)
    over = factories.finished_run(owner, dataset, name="Secret end")
    text = text_of(clients["member"])
    assert text.count("A private run") == 2
    for secret in ("Secret", "Pets", "77 GB", *(str(one.pk) for one in (at_work, waits, over, dataset))):
        assert secret not in text
    for who in ("owner", "staff"):
        assert all(name in text_of(clients[who]) for name in ("Secret work", "Secret wait", "Secret end"))


def test_a_worker_is_shown_with_its_device_and_words(owner: Any, clients: dict[str, Client]) -> None:
    Worker.objects.create(name="gpu-1", device="NVIDIA RTX 4090", pool="large", labels=["room 3", "Olga’s"])
    assert "gpu-1 · NVIDIA RTX 4090 · pool large · room 3 · Olga’s" in text_of(clients["member"])


def test_the_pictures_of_another_ones_dataset_stay_hidden(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, factories.checked_dataset(owner), visibility="members")
    assert f"/datasets/{run.dataset_id}/thumbnails/" in text_of(clients["owner"])
    assert str(run.dataset_id) not in text_of(clients["member"])


def test_buttons_are_the_owners(owner: Any, member: Any, clients: dict[str, Client]) -> None:
    run = waiting(owner, "mine", 3, visibility="members")
    waiting(owner, "mine, too", 2, visibility="members")
    other = waiting(member, "hers", 1, visibility="members")
    text = text_of(clients["owner"])
    assert {verb for verb in ("up", "down", "hold", "release") if f'action="/runs/{run.pk}/{verb}/"' in text} == {"down", "hold"}
    assert f'action="/runs/{other.pk}/' not in text
    assert text.count('class="mine"') == 2


def test_moving_and_holding_work_without_scripts_and_lead_back(owner: Any, clients: dict[str, Client]) -> None:
    waiting(owner, "first", 3)
    second = waiting(owner, "second", 2)
    for verb, order in (("up", ["second", "first"]), ("down", ["first", "second"]), ("hold", ["first", "second"])):
        response = clients["owner"].post(f"/runs/{second.pk}/{verb}/", {"back": "queue"})
        assert (response.status_code, response["Location"], names()) == (302, "/queue/", order)
    text = text_of(clients["owner"])
    assert "held back" in text
    assert f'action="/runs/{second.pk}/release/"' in text
    refused = clients["owner"].post(f"/runs/{second.pk}/down/", {"back": "queue"}, follow=True).content.decode()
    assert "of its owner’s waiting runs already" in refused.replace("&#x27;", "’")


def test_a_silent_worker_says_where_its_run_went(owner: Any, clients: dict[str, Client]) -> None:
    Worker.objects.create(name="gone", seen=timezone.now() - timedelta(minutes=4))
    run = waiting(owner, "Arcade heroes", 1)
    assert "It had no run." in text_of(clients["owner"])
    run.transitions.create(frm="running", to="queued", worker="gone", reason="The worker has not answered")
    text = text_of(clients["owner"])
    assert "<b>gone</b> hasn’t answered for 4 min." in text
    assert "“Arcade heroes” went back to the queue." in text
    assert "Its run went back to the queue." in text_of(clients["member"])
    Run.objects.filter(pk=run.pk).update(status=Status.RUNNING, worker="other")
    assert "“Arcade heroes” goes on at other." in text_of(clients["owner"])


@pytest.mark.parametrize(
    ("workers", "busy", "words"),
    [
        (0, 0, "No worker is there at the moment. Runs start when one comes."),
        (1, 0, "The worker is free. Nothing waits."),
        (1, 1, "The worker is busy. It should be free in about 50 min. Nothing waits."),
        (2, 0, "0 of 2 workers are busy. Nothing waits."),
        (3, 1, "1 of 3 workers is busy. Nothing waits."),
        (2, 2, "2 of 2 workers are busy. The next one should be free in about 50 min. Nothing waits."),
    ],
)
def test_it_says_how_busy_it_is(owner: Any, clients: dict[str, Client], workers: int, busy: int, words: str) -> None:
    for number in range(workers):
        Worker.objects.create(name=f"desk-{number}")
    for number in range(busy):
        factories.make_run(owner, status=Status.RUNNING, worker=f"desk-{number}", expected_seconds=3010.0)
    assert words in text_of(clients["owner"])


def test_a_long_queue_has_pages(owner: Any, clients: dict[str, Client], monkeypatch: Any) -> None:
    monkeypatch.setattr(queue_page, "PER_PAGE", 2)
    for number in range(5):
        waiting(owner, f"number {number}", 9 - number)
    assert ("number 1" in text_of(clients["owner"]), "number 2" in text_of(clients["owner"])) == (True, False)
    last = text_of(clients["owner"], "?page=3")
    assert "number 4" in last
    assert "5 to 5 of 5" in last
    assert 'action="/runs/' in last and "/up/" in last, "It may rise above one of another page."


def test_of_a_long_queue_only_the_runs_that_are_shown_are_read_whole(owner: Any, clients: dict[str, Client], monkeypatch: Any) -> None:
    monkeypatch.setattr(queue_page, "PER_PAGE", 2)
    read: list[Any] = []

    def count(instance: Run, **_: Any) -> None:
        read.append(instance)

    found = []
    for number in range(4):
        waiting(owner, f"number {number}", number)
        post_init.connect(count, Run)
        text_of(clients["owner"])
        post_init.disconnect(count, Run)
        found.append(len(read))
        read.clear()
    assert found == [1, 2, 2, 2]


def test_every_page_tells_members_how_many_wait(owner: Any, clients: dict[str, Client]) -> None:
    waiting(owner, "one", 1)
    waiting(owner, "two", 2)
    assert clients["member"].get("/help/").content.decode().count('data-live>2<span class="sr"> waiting</span>') == 2
    assert "/queue/" not in clients["stranger"].get("/help/").content.decode()


def test_a_card_of_the_wall_tells_members_when_its_run_starts(owner: Any, clients: dict[str, Client]) -> None:
    Worker.objects.create(name="desk")
    factories.make_run(owner, status=Status.RUNNING, worker="desk", expected_seconds=660.0)
    waiting(owner, "next", 1, visibility="public")
    assert "Queued: 1st, starts in 11 min" in clients["owner"].get("/gallery/").content.decode()
    assert "Queued</span>" in clients["stranger"].get("/gallery/").content.decode()


@pytest.mark.parametrize(
    ("workers", "asked"),
    [
        ([], set()),
        ([{"memory": 24 * GB, "is_gpu": True}, {"memory": 24 * GB, "is_gpu": True}], set()),
        ([{"memory": 24 * GB, "is_gpu": True}, {"memory": 8 * GB}], {"needs_gpu", "needs_memory"}),
        ([{"pool": "large"}, {}], {"pool"}),
    ],
)
def test_a_launch_asks_only_where_there_is_a_choice(owner: Any, clients: dict[str, Client], workers: list[dict[str, Any]], asked: set[str]) -> None:
    for number, values in enumerate(workers):
        Worker.objects.create(name=str(number), **values)
    address = f"/runs/new/?dataset={factories.make_dataset(owner).pk}&recipe=simpsons"
    text = clients["owner"].get(address).content.decode()
    assert {name for name in ("needs_gpu", "needs_memory", "pool") if f'name="{name}"' in text} == asked
    wanted = {"needs_gpu": "on", "needs_memory": str(24 * GB), "pool": "large"}
    form = clients["owner"].get(address).context["form"]
    clients["owner"].post(address, {**form.values, "name": "Needy", "visibility": "private", "priority": "0", **wanted})
    run = Run.objects.get()
    assert run.needs == ("large" if "pool" in asked else "", "needs_gpu" in asked, 24 * GB if "needs_memory" in asked else None)
    again = clients["owner"].get(f"/runs/new/?clone={run.pk}").context["sharing"]
    assert [name for name in asked if not again[name].value()] == []


def test_the_account_shows_a_bar_for_each_quota(owner: Any, clients: dict[str, Client], settings: Any) -> None:
    settings.GANVAS_QUOTA_QUEUED = 4
    waiting(owner, "one", 1)
    DeviceTime.objects.create(owner=owner, day=timezone.now().date(), seconds=5400)
    shares = clients["owner"].get("/account/").context["shares"]
    assert [(share["used"], share.get("of"), share.get("percent")) for share in shares[1:]] == [
        ("0", "2 runs", 0),
        ("1", "4 runs", 25),
        ("1.5 h", None, None),
    ]
    owner.device_hours_quota = 6
    owner.save()
    assert clients["owner"].get("/account/").context["shares"][3] | {"title": ""} == {"used": "1.5 h", "of": "6 h", "percent": 25, "title": ""}
