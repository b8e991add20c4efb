"""The wall: who sees which runs, and finding one."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.runs import showcase
from portal.runs.models import Favourite, Status
from tests import factories


def names(client: Client, query: str = "", path: str = "/gallery/") -> set[str]:
    response = client.get(path + query)
    assert response.status_code == 200
    return {card.run.name for card in response.context["cards"]}


@pytest.fixture
def wall(owner: Any, member: Any) -> dict[str, Any]:
    cats = factories.make_dataset(owner, name="Cats", visibility="public")
    secret = factories.make_dataset(member, name="Codename Zebra")
    return {
        "sunday": factories.make_run(owner, cats, name="Sunday", visibility="public", recipe="simpsons", status=Status.COMPLETED),
        "monday": factories.make_run(member, secret, name="Monday", visibility="public", status=Status.FAILED),
        "hidden": factories.make_run(member, secret, name="Hidden", visibility="private"),
    }


def test_strangers_see_public_runs_and_the_hero(wall: Any, clients: dict[str, Client]) -> None:
    page = clients["stranger"].get("/")
    assert {card.run.name for card in page.context["cards"]} == {"Sunday", "Monday"}
    assert "Drop in pictures" in page.content.decode()


def test_signed_in_people_get_the_wall_at_once(wall: Any, clients: dict[str, Client]) -> None:
    assert "Drop in pictures" not in clients["owner"].get("/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=sund", {"Sunday"}),
        ("?q=cats", {"Sunday"}),
        ("?q=simpsons", {"Sunday"}),
        ("?q=olga", {"Sunday"}),
        ("?recipe=simpsons", {"Sunday"}),
        ("?owner=max", {"Monday"}),
        ("?status=failed", {"Monday"}),
        ("?status=nonsense", {"Sunday", "Monday"}),
        ("?q=zzz", set()),
    ],
)
def test_it_finds_runs_by_what_they_are(wall: Any, clients: dict[str, Client], query: str, found: set[str]) -> None:
    assert names(clients["stranger"], query) == found


def test_it_finds_runs_by_dataset(wall: Any, clients: dict[str, Client]) -> None:
    assert names(clients["stranger"], f"?dataset={wall['sunday'].dataset_id}") == {"Sunday"}


def test_a_private_dataset_behind_a_public_run_stays_unnamed(wall: Any, clients: dict[str, Client]) -> None:
    stranger = clients["stranger"]
    assert names(stranger, "?q=zebra") == set()
    assert "Zebra" not in stranger.get("/gallery/").content.decode()
    assert "Zebra" not in stranger.get(f"/runs/{wall['monday'].pk}/").content.decode()
    assert "Zebra" in clients["member"].get("/gallery/").content.decode()


def test_mine_shows_only_ones_own(wall: Any, clients: dict[str, Client]) -> None:
    assert names(clients["member"], "?show=mine") == {"Monday", "Hidden"}


def test_newest_sheets_come_first(owner: Any, clients: dict[str, Client]) -> None:
    now = timezone.now()
    for age in (2, 0, 1):
        factories.make_run(owner, name=f"aged {age}", visibility="public", last_sampled=now - timedelta(hours=age))
    page = clients["stranger"].get("/gallery/")
    assert [card.run.name for card in page.context["cards"]] == ["aged 0", "aged 1", "aged 2"]


def test_the_newest_run_at_work_is_shown_big_with_its_film(owner: Any, clients: dict[str, Client]) -> None:
    factories.finished_run(owner, visibility="public", name="done")
    busy = factories.make_run(
        owner, visibility="public", name="busy", status=Status.RUNNING, step=60, last_sampled=timezone.now() - timedelta(hours=1)
    )
    for step in (0, 30, 60):
        factories.add_sample(busy, step)
    first = clients["stranger"].get("/gallery/").context["cards"][0]
    assert (first.run.name, first.is_big, first.percent) == ("busy", True, 60)
    assert [sheet.step for sheet in first.film] == [0, 30, 60]


def test_sheets_that_go_while_the_wall_is_made_cost_no_film_and_no_page(owner: Any, clients: dict[str, Client], monkeypatch: Any) -> None:
    busy = factories.make_run(owner, visibility="public", status=Status.RUNNING)
    factories.add_sample(busy, 0)
    newest = showcase.newest_sheets

    def begins_anew(runs: Any) -> Any:
        found = newest(runs)
        busy.samples.all().delete()
        return found

    monkeypatch.setattr(showcase, "newest_sheets", begins_anew)
    (card,) = clients["stranger"].get("/gallery/").context["cards"]
    assert card.run == busy and not card.is_big


def test_the_run_liked_last_is_shown_big_while_none_is_at_work(owner: Any, clients: dict[str, Client]) -> None:
    old, new, _ = (factories.finished_run(owner, visibility="public", name=name) for name in ("old", "new", "newest"))
    for run in (new, old):
        Favourite.objects.create(user=owner, sample=run.samples.first(), tile=0)
    page = clients["owner"].get("/gallery/")
    assert [(card.run.name, card.is_big) for card in page.context["cards"]][:1] == [("old", True)]
    assert b" min left" not in page.content and b"<progress" not in page.content
    assert not any(card.is_big for card in clients["stranger"].get("/gallery/").context["cards"])
    factories.add_sample(factories.make_run(owner, name="busy", visibility="public", status=Status.RUNNING), 0)
    assert [card.run.name for card in clients["owner"].get("/gallery/").context["cards"] if card.is_big] == ["busy"]


def test_more_runs_are_a_link_away(owner: Any, clients: dict[str, Client]) -> None:
    for number in range(26):
        factories.make_run(owner, name=f"run {number}", visibility="public")
    first = names(clients["stranger"])
    second = names(clients["stranger"], "?page=2")
    assert (len(first), len(second), first & second) == (24, 2, set())
    assert "?page=2" in clients["stranger"].get("/gallery/").content.decode()


@pytest.mark.parametrize("page", ["99", "0", "-1", "x", "9" * 30])
def test_a_page_that_is_not_there_is_the_first_one(wall: Any, clients: dict[str, Client], page: str) -> None:
    assert names(clients["stranger"], f"?page={page}") == {"Sunday", "Monday"}


def test_the_filter_offers_datasets_of_the_newest_runs_and_the_chosen_one(
    wall: Any, owner: Any, clients: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.runs.forms.OFFERED", 1)
    factories.make_run(owner, factories.make_dataset(owner, name="Dogs <b>", visibility="public"), visibility="public")
    assert "selected>Every dataset" in clients["stranger"].get("/gallery/").content.decode()
    text = clients["stranger"].get(f"/gallery/?dataset={wall['sunday'].dataset_id}").content.decode()
    assert ">Dogs &lt;b&gt;</option>" in text and "selected>Cats</option>" in text and "Zebra" not in text


def test_an_empty_wall_offers_a_sample(owner: Any, clients: dict[str, Client]) -> None:
    text = clients["owner"].get("/").content.decode()
    assert "Your wall is empty" in text
    assert "/datasets/samples/digits/" in text
