"""How a run is going, in words, on its page: with what was measured, and a clone that follows the advice."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from portal.runs.models import Run
from tests import factories

WINNING: dict[str, Any] = {
    "kind": "discriminator-strong",
    "level": "warn",
    "title": "The discriminator is winning",
    "text": "It spots nearly every fake, so the generator learns little. Try a lower discriminator learning rate: 0.0002 to 0.0001.",
    "step": 400,
    "evidence": [{"label": "Fakes spotted", "value": "99 %", "usual": "60 to 95 %"}, {"label": "Generator gradient", "value": "0.002", "usual": ""}],
    "change": {"setting": "discriminator_learning_rate", "title": "Discriminator learning rate", "from": 0.0002, "to": 0.0001},
}
EARLY = {"kind": "early", "level": "info", "title": "Too early to say", "text": "Ask again in a minute.", "step": 3, "evidence": [], "change": None}


def judged(owner: Any, verdict: dict[str, Any] = WINNING, status: str = "running", **values: Any) -> Run:
    return factories.make_run(owner, status=status, verdict=verdict, step=400, **values)


def note_of(client: Client, run: Run) -> str:
    text = client.get(f"/runs/{run.pk}/").content.decode()
    return text[text.index('id="note"') : text.index("Losses</h2>")]


def test_it_says_what_was_measured_and_what_is_usual(owner: Any, clients: dict[str, Client]) -> None:
    note = note_of(clients["owner"], judged(owner))
    assert "<h2>The discriminator is winning</h2><p>It spots nearly every fake" in note
    assert '<dt>Fakes spotted</dt><dd><b class="num">99 %</b><small>usually 60 to 95 %</small></dd>' in note
    assert '<dt>Generator gradient</dt><dd><b class="num">0.002</b></dd>' in note


@pytest.mark.parametrize(("level", "role"), [("ok", "status"), ("info", "status"), ("warn", "status"), ("bad", "alert")])
def test_only_what_is_grave_interrupts(owner: Any, clients: dict[str, Client], level: str, role: str) -> None:
    note = note_of(clients["owner"], judged(owner, {**WINNING, "level": level}))
    assert f'class="note verdict {level}"' in note
    assert re.findall(r'role="(\w+)"', note) == [role]


def test_too_early_to_say_is_quiet(owner: Any, clients: dict[str, Client]) -> None:
    assert 'class="note verdict quiet"' in note_of(clients["owner"], judged(owner, EARLY))
    assert "Too early" not in note_of(clients["owner"], judged(owner, EARLY, "completed"))


def test_its_advice_becomes_a_clone(owner: Any, clients: dict[str, Client]) -> None:
    run = judged(owner)
    note = note_of(clients["owner"], run)
    address = re.search(r'href="(/runs/new/[^"]+)"', note)
    assert address
    page = clients["owner"].get(unescape(address[1]))
    text = page.content.decode()
    assert re.search(r'id="id_discriminator_learning_rate"[^>]*value="0.0001"', text)
    assert re.search(r'id="group-optimisation" open', text)
    assert "A clone of “Sunday pets” with a change" in text
    assert "0.0002 → <b>0.0001</b>" in text
    assert address[1].endswith("#id_discriminator_learning_rate")


def test_a_wish_that_leads_back_to_the_recipe_is_open_too(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, config=factories.CONFIG.model_copy(update={"latent_size": 8}), recipe="quick")
    text = clients["owner"].get(f"/runs/new/?clone={run.pk}&set=latent_size=64").content.decode()
    assert re.search(r'id="group-architecture" open', text)


def test_a_wish_that_makes_no_sense_is_told_at_its_field(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    text = clients["owner"].get(f"/runs/new/?clone={run.pk}&set=batch_size=many&set=nonsense=1").content.decode()
    assert "Enter a whole number." in text


def test_the_length_can_be_wished_either_way(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner)
    page = clients["owner"].get(f"/runs/new/?clone={run.pk}&set=epochs=5")
    assert (page.context["form"].values["steps"], page.context["form"].values["epochs"], page.context["form"].errors) == ("", "5", {})


def test_who_may_not_use_the_dataset_gets_no_clone(owner: Any, clients: dict[str, Client]) -> None:
    run = judged(owner, visibility="public")
    for who in ("member", "stranger"):
        assert "Clone with this change" not in note_of(clients[who], run)
    assert "Fakes spotted" in note_of(clients["member"], run), "What was measured is no secret"


@pytest.mark.parametrize(("status", "first"), [("paused", "Paused"), ("completed", "Finished"), ("stopped", "Stopped")])
def test_at_rest_the_state_comes_first(owner: Any, clients: dict[str, Client], status: str, first: str) -> None:
    done = {**WINNING, "kind": "finished-improving", "level": "info", "title": "Probably finished"}
    note = note_of(clients["owner"], judged(owner, done, status))
    assert re.findall(r"<h2>(.*?)</h2>", note) == [first, "Probably finished"]


def test_a_failure_is_not_talked_over(owner: Any, clients: dict[str, Client]) -> None:
    run = judged(owner, status="failed", error="The worker ran out of disk space.")
    assert re.findall(r"<h2>(.*?)</h2>", note_of(clients["owner"], run)) == ["The run has failed"]


def test_words_of_a_verdict_are_escaped(owner: Any, clients: dict[str, Client]) -> None:
    evidence = [{"label": "<b>Loss</b>", "value": "<1", "usual": "<2"}]
    note = note_of(clients["owner"], judged(owner, {**WINNING, "title": "<i>Odd</i>", "evidence": evidence}))
    assert "<i>" not in note and "&lt;b&gt;Loss&lt;/b&gt;" in note and "&lt;1" in note


def test_what_happened_tells_when_the_verdict_changed(owner: Any, clients: dict[str, Client]) -> None:
    run = judged(owner)
    run.transitions.create(frm="running", to="running", reason="The discriminator is winning. It spots nearly every fake.", step=1400)
    text = clients["owner"].get(f"/runs/{run.pk}/").content.decode()
    assert "<span>Step 1\u202f400: The discriminator is winning. It spots nearly every fake.</span>" in text
