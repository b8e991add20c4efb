"""The door, the account, the appearance, and pages for what goes wrong."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from knox.crypto import hash_token

from portal.accounts.models import ApiToken, User
from portal.runs.models import Run, Status
from tests import factories


def test_the_first_visitor_becomes_the_administrator_and_is_signed_in(db: None) -> None:
    client = Client()
    assert client.get("/")["Location"] == "/welcome/"
    response = client.post("/welcome/", {"username": "ada", "email": "", "password": "a sentence works well"})
    assert response["Location"] == "/"
    assert User.objects.get().is_superuser
    assert client.get("/account/").status_code == 200


def test_a_weak_password_is_refused_at_its_field(db: None) -> None:
    response = Client().post("/welcome/", {"username": "ada", "email": "", "password": "short"})
    assert "too short" in response.content.decode()
    assert not User.objects.exists()


def test_the_welcome_page_is_gone_afterwards(clients: dict[str, Client]) -> None:
    assert clients["stranger"].get("/welcome/")["Location"] == "/"


def test_a_token_is_shown_once(owner: Any, clients: dict[str, Client]) -> None:
    shown = clients["owner"].post("/account/tokens/", {"name": "laptop", "days": "30"}).content.decode()
    found = re.search(r'id="new-token-text">(gnv_\w+)<', shown)
    assert found
    assert ApiToken.objects.get(user=owner).digest == hash_token(found[1])
    later = clients["owner"].get("/account/").content.decode()
    assert found[1] not in later
    assert "laptop" in later


def test_a_token_without_a_name_is_refused(owner: Any, clients: dict[str, Client]) -> None:
    text = clients["owner"].post("/account/tokens/", {"name": "", "days": "30"}).content.decode()
    assert "This field is required." in text
    assert not ApiToken.objects.exists()


def test_ones_own_token_is_revoked_and_nobody_elses(owner: Any, clients: dict[str, Client]) -> None:
    clients["owner"].post("/account/tokens/", {"name": "laptop", "days": "30"})
    token = ApiToken.objects.get()
    clients["member"].post(f"/account/tokens/{token.id}/revoke/")
    assert ApiToken.objects.exists()
    clients["owner"].post(f"/account/tokens/{token.id}/revoke/")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("chosen", "rendered"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ("system", ""), ("pink", "")])
def test_the_server_renders_the_chosen_theme(clients: dict[str, Client], chosen: str, rendered: str) -> None:
    stranger = clients["stranger"]
    stranger.post("/account/theme/", {"theme": chosen, "next": "/help/"})
    opening = re.search(r"<html[^>]*>", stranger.get("/help/").content.decode())
    assert opening
    assert opening[0] == f'<html lang="en"{" " + rendered if rendered else ""}>'


def test_the_way_back_stays_on_this_site(clients: dict[str, Client]) -> None:
    response = clients["stranger"].post("/account/theme/", {"theme": "dark", "next": "https://example.org/"})
    assert response["Location"] == "/"


def test_single_letter_shortcuts_are_switched_off_and_on(clients: dict[str, Client]) -> None:
    owner = clients["owner"]
    owner.post("/account/keys/", {"next": "/account/"})
    assert 'data-keys="off"' in owner.get("/account/").content.decode()
    owner.post("/account/keys/", {"keys": "on", "next": "/account/"})
    assert 'data-keys="off"' not in owner.get("/account/").content.decode()


@pytest.mark.parametrize("path", ["login/", "signup/", "password/reset/"])
def test_allauths_pages_wear_our_door(clients: dict[str, Client], path: str) -> None:
    assert 'class="mural"' in clients["stranger"].get(f"/accounts/{path}").content.decode()


def test_closed_sign_up_says_whom_to_ask(clients: dict[str, Client], settings: Any) -> None:
    settings.GANVAS_SIGNUP = False
    assert "Sign-up is closed" in clients["stranger"].get("/accounts/signup/").content.decode()
    assert "/accounts/signup/" not in clients["stranger"].get("/").content.decode()


def test_signing_in_and_out(owner: Any, clients: dict[str, Client]) -> None:
    client = clients["stranger"]
    client.post("/accounts/login/", {"login": "olga", "password": "olga-has-a-long-password"})
    assert client.get("/account/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/account/").status_code == 302


def test_the_status_tells_strangers_no_names(owner: Any, clients: dict[str, Client]) -> None:
    factories.make_run(owner, status=Status.RUNNING, worker="gpu-7@cellar", device="Secret 9000")
    assert "cellar" not in clients["stranger"].get("/status/").content.decode()
    told = clients["member"].get("/status/").content.decode()
    assert "gpu-7@cellar" in told
    assert "Secret 9000" in told


def test_what_is_not_there_gets_a_page(clients: dict[str, Client]) -> None:
    response = clients["stranger"].get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize("name", ["500.html", "503.html", "403_csrf.html"])
def test_error_pages_need_no_context(name: str) -> None:
    assert "<h1>" in render_to_string(name)


def test_a_forged_form_is_refused_with_a_page(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    run = factories.make_run(owner)
    response = client.post(f"/runs/{run.pk}/stop/")
    assert response.status_code == 403
    assert "Please try again" in response.content.decode()
    assert Run.objects.get().status == Status.QUEUED


def test_no_page_breaks_its_own_content_security_policy(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    run = factories.finished_run(owner, dataset)
    paths = ["/", "/datasets/", f"/datasets/{dataset.pk}/", "/datasets/new/", "/runs/new/", f"/runs/new/?dataset={dataset.pk}"]
    paths += [f"/runs/new/?dataset={dataset.pk}&recipe=simpsons", f"/runs/{run.pk}/", "/account/", "/help/", "/status/", "/api/docs/", "/nothing/"]
    for path in paths:
        response = clients["owner"].get(path)
        policy = response["Content-Security-Policy"]
        assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
        text = response.content.decode()
        assert not re.search(r"<[^>]+\sstyle=", text), path
        assert not re.search(r"<[^>]+\son\w+=", text), path
        assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", text), path


@pytest.mark.parametrize(("address", "words"), [("/accounts/login/", "Forgot your password?"), ("/accounts/signup/", "optional")])
def test_the_door_says_a_thing_once(owner: Any, clients: dict[str, Client], address: str, words: str) -> None:
    assert clients["stranger"].get(address).content.decode().count(words) == 1
