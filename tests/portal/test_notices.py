"""How people choose to be told of the ends of their runs, by page and by API; and that it is nobody else's business."""

import re
from ipaddress import ip_network
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outgoing
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from rest_framework.test import APIClient

from portal import environment as env
from portal.notices import webhooks
from portal.notices.models import Delivery, Webhook
from portal.runs.models import ACTIVE, Status
from tests import factories

HOOK = "https://hooks.example.org/ganvas"
BASE = "/api/v1/me/notices/"


@pytest.fixture
def mails(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"


def confirmed(user: Any) -> None:
    EmailAddress.objects.create(user=user, email=f"{user.username}@example.org", primary=True, verified=True)


def test_nothing_is_sent_unless_it_is_asked_for(api: APIClient) -> None:
    assert api.get(BASE).json() == {"mail": "never", "mail_address": None, "mail_available": False, "webhooks": [], "most_webhooks": 3}


def test_a_mail_needs_a_mail_server_and_a_confirmed_address(owner: Any, api: APIClient, settings: Any) -> None:
    def refused() -> str:
        answer = api.patch(BASE, {"mail": "always"}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "mail")
        return str(answer.json()["errors"][0]["detail"])

    assert refused() == "This installation sends no e-mail."
    settings.EMAIL_HOST = "mail.example.org"
    assert refused() == "Confirm your e-mail address first, on your account page."
    confirmed(owner)
    answer = api.patch(BASE, {"mail": "always"}, format="json").json()
    assert (answer["mail"], answer["mail_address"], answer["mail_available"]) == ("always", "olga@example.org", True)
    settings.EMAIL_HOST = ""
    assert api.patch(BASE, {"mail": "never"}, format="json").status_code == 200


def test_an_address_is_confirmed_by_the_link_in_a_mail(owner: Any, clients: dict[str, Client], mails: None) -> None:
    owner.email = "olga@example.org"
    owner.save()
    page = clients["owner"].get("/accounts/email/").text
    assert "olga@example.org" in page and "not confirmed" in page
    clients["owner"].post("/accounts/email/", {"email": "olga@example.org", "action_send": ""})
    (link,) = re.findall(r"/accounts/confirm-email/\S+/", str(outgoing.outbox[0].body))
    assert "Confirm it" in clients["owner"].get(link).text
    clients["owner"].post(link)
    assert clients["owner"].post("/account/mail/", {"mail": "failures"}).status_code == 302
    owner.refresh_from_db()
    assert owner.mail_when == "failures"
    assert 'value="failures" checked' in clients["owner"].get("/account/").text


def test_the_page_offers_no_mail_where_none_is_sent(owner: Any, clients: dict[str, Client], settings: Any) -> None:
    confirmed(owner)
    page = clients["owner"].get("/account/").text
    assert "This installation sends no e-mail" in page and 'name="mail"' not in page
    settings.EMAIL_HOST = "mail.example.org"
    page = clients["owner"].get("/account/").text
    assert "This installation sends no e-mail" not in page and 'name="mail"' in page


def test_a_secret_is_shown_once(owner: Any, api: APIClient, clients: dict[str, Client]) -> None:
    made = api.post(f"{BASE}webhooks/", {"url": HOOK}, format="json")
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    page = clients["owner"].post("/account/webhooks/", {"url": f"{HOOK}/2"}).text
    (second,) = re.findall(r"whsec_[\w+/=]+", page)
    assert second == Webhook.objects.get(url=f"{HOOK}/2").secret != made.json()["secret"]
    for later in (api.get(BASE), clients["owner"].get("/account/"), api.get(f"{BASE}deliveries/")):
        assert "whsec_" not in later.content.decode()


def test_there_is_a_most_and_each_address_once(owner: Any, api: APIClient) -> None:
    codes = [api.post(f"{BASE}webhooks/", {"url": url}, format="json").status_code for url in (HOOK, HOOK, HOOK + "1", HOOK + "2", HOOK + "3")]
    assert codes == [201, 409, 201, 201, 409]


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://hooks.example.org/", "nonsense"])
def test_an_address_that_nothing_may_be_sent_to_is_refused(clients: dict[str, Client], api: APIClient, url: str) -> None:
    answer = api.post(f"{BASE}webhooks/", {"url": url}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "url")
    assert 'aria-invalid="true"' in clients["owner"].post("/account/webhooks/", {"url": url}).text
    assert not Webhook.objects.exists()


def test_a_test_is_sent_once_at_a_time_and_its_outcome_is_shown(owner: Any, api: APIClient, clients: dict[str, Client]) -> None:
    webhook = webhooks.add(owner, HOOK)
    answer = api.post(f"{BASE}webhooks/{webhook.pk}/test/")
    assert (answer.status_code, answer.json()["event"], answer.json()["state"]) == (202, "test", "waiting")
    assert api.post(f"{BASE}webhooks/{webhook.pk}/test/").status_code == 409
    assert "On its way" in clients["owner"].get("/account/").text
    delivery = Delivery.objects.claim()
    assert delivery is not None
    delivery.failed("It answered 401 Unauthorized.")
    (row,) = api.get(f"{BASE}deliveries/").json()["results"]
    assert (row["state"], row["answer"], row["webhook"], row["run"]) == ("given_up", "It answered 401 Unauthorized.", str(webhook.pk), None)
    assert "It answered 401 Unauthorized." in clients["owner"].get("/account/").text
    clients["owner"].post(f"/account/webhooks/{webhook.pk}/test/")
    assert Delivery.objects.count() == 1  # a moment ago


def test_others_see_nothing_of_it_and_change_nothing(owner: Any, clients: dict[str, Client], member_api: APIClient, staff_api: APIClient) -> None:
    webhook = webhooks.add(owner, HOOK)
    run = factories.make_run(owner, status=Status.RUNNING, visibility="public")
    run.move(Status.COMPLETED, frm=ACTIVE, reason="Done")
    for who, calls in (("member", member_api), ("staff", staff_api)):
        assert HOOK not in clients[who].get("/account/").text
        assert calls.get(BASE).json()["webhooks"] == calls.get(f"{BASE}deliveries/").json()["results"] == []
        assert calls.delete(f"{BASE}webhooks/{webhook.pk}/").status_code == 404
        assert calls.post(f"{BASE}webhooks/{webhook.pk}/test/").status_code == 404
        for verb in ("remove", "test"):
            assert clients[who].post(f"/account/webhooks/{webhook.pk}/{verb}/").status_code == 404
    assert Delivery.objects.get().webhook == webhook
    clients["owner"].post(f"/account/webhooks/{webhook.pk}/remove/")
    assert not Webhook.objects.exists() and not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("", ("", 25, "", "", False, False)),
        ("smtp://mail", ("mail", 25, "", "", False, False)),
        ("smtp+tls://ada:p%40ss@mail.example.org", ("mail.example.org", 587, "ada", "p@ss", True, False)),
        ("smtps://mail.example.org:4650", ("mail.example.org", 4650, "", "", False, True)),
    ],
)
def test_the_mail_server_is_one_variable(monkeypatch: pytest.MonkeyPatch, value: str, server: Any) -> None:
    monkeypatch.setenv("EMAIL_PROBE", value)
    monkeypatch.delenv("EMAIL_HOST", raising=False)
    assert env.mail_server("EMAIL_PROBE", "EMAIL_HOST") == server
    monkeypatch.setenv("EMAIL_HOST", "plain")
    assert env.mail_server("EMAIL_PROBE", "EMAIL_HOST").host == (server[0] or "plain")


def test_nonsense_is_refused_without_telling_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("imap://ada:hidden@mail", "smtp://ada:hidden@", "smtp://ada:hidden@mail:x"):
        monkeypatch.setenv("EMAIL_PROBE", value)
        with pytest.raises(ImproperlyConfigured) as error:
            env.mail_server("EMAIL_PROBE", "EMAIL_HOST")
        assert "hidden" not in str(error.value)
    monkeypatch.setenv("NETWORKS_PROBE", "10.0.0.0/8, fd00::/8")
    assert env.networks("NETWORKS_PROBE") == [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    monkeypatch.setenv("NETWORKS_PROBE", "10.0.0.1/8")
    with pytest.raises(ImproperlyConfigured):
        env.networks("NETWORKS_PROBE")
