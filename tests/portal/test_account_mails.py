"""What allauth says in the portal's name: mails, labels and refusals in the portal's own words, links to its own address."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outgoing
from django.core.mail import EmailMessage
from django.test import Client

FOOT = "\n\n-- \nGanvas, https://ganvas.example.org"


@pytest.fixture(autouse=True)
def installation(settings: Any) -> None:
    """Reached by another name than that of the request."""
    settings.PUBLIC_URL = "https://ganvas.example.org"
    settings.EMAIL_HOST = "mail.example.org"


def the_mail() -> EmailMessage:
    (mail,) = outgoing.outbox
    assert mail.from_email == "ganvas@localhost" and not getattr(mail, "alternatives", None)
    assert str(mail.body).endswith(FOOT) and "{" not in str(mail.body) and "&#" not in str(mail.body)
    return mail


def path_of_link(mail: EmailMessage) -> str:
    (path,) = re.findall(r"^https://ganvas\.example\.org(/accounts/\S+)$", str(mail.body), re.MULTILINE)
    return str(path)


def asked_for_a_new_password(address: str) -> EmailMessage:
    assert Client().post("/accounts/password/reset/", {"email": address})["Location"] == "/accounts/password/reset/done/"
    return the_mail()


def test_an_address_is_confirmed(owner: Any, clients: dict[str, Client]) -> None:
    answer = clients["owner"].post("/accounts/email/", {"email": "olga@example.org", "action_add": ""}, follow=True)
    assert "A link to confirm it was sent to olga@example.org." in answer.text
    mail = the_mail()
    assert (mail.to, mail.subject) == (["olga@example.org"], "Confirm your e-mail address")
    assert str(mail.body).startswith(
        "The Ganvas account “olga” names this address as its own. If it is\nyours, confirm it by this link, which works for 3 days:"
    )
    assert "olga@example.org is confirmed." in clients["owner"].post(path_of_link(mail), follow=True).text
    assert EmailAddress.objects.get(user=owner).verified


def test_a_forgotten_password_is_replaced(owner: Any) -> None:
    EmailAddress.objects.create(user=owner, email="olga@example.org", primary=True, verified=True)
    mail = asked_for_a_new_password("olga@example.org")
    assert (mail.to, mail.subject) == (["olga@example.org"], "Choose a new password")
    assert "asked for a new password of the Ganvas account\n“olga”. Choose it by this link, which works once and for 3 days:" in str(mail.body)
    client = Client()
    page = client.get(path_of_link(mail), follow=True)
    assert labels(page.text) == ["New password", "New password, once more"]
    form = page.redirect_chain[-1][0]
    client.post(form, {"password1": "a sentence works well", "password2": "a sentence works well"})
    assert Client().login(username="olga", password="a sentence works well")


@pytest.mark.parametrize("signup", [True, False])
def test_an_address_that_no_account_has_is_told_so(owner: Any, settings: Any, signup: bool) -> None:
    settings.GANVAS_SIGNUP = signup
    mail = asked_for_a_new_password("o'hara@example.org")
    assert mail.subject == "No account has this e-mail address"
    assert "address o'hara@example.org. Here no account has it" in str(mail.body)
    assert ("\nhttps://ganvas.example.org/accounts/signup/\n" in str(mail.body)) is signup
    assert "\n\n\n" not in str(mail.body)


def labels(page: str) -> list[str]:
    return re.findall(r'<label class="label" for="\w+">([^<]+?) ?<', page)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("login", ["User name", "Password"]),
        ("signup", ["User name", "E-mail", "Password"]),
        ("password/change", ["Current password", "New password", "New password, once more"]),
        ("password/reset", ["E-mail"]),
        ("email", ["E-mail"]),
        ("reauthenticate", ["Password"]),
    ],
)
def test_labels_are_the_portals(clients: dict[str, Client], settings: Any, address: str, words: list[str]) -> None:
    settings.GANVAS_SIGNUP = True
    client = clients["stranger" if address in ("login", "signup", "password/reset") else "owner"]
    page = client.get(f"/accounts/{address}/").text
    assert labels(page) == words
    assert "placeholder" not in page
    assert page.count("At least 10 characters. A sentence works well.") == (address in ("signup", "password/change"))


def test_wrong_names_and_passwords_are_refused_in_plain_words(owner: Any, clients: dict[str, Client]) -> None:
    page = Client().post("/accounts/login/", {"login": "olga", "password": "wrong"}).text
    assert "The user name or the password is wrong." in page
    page = clients["owner"].post("/accounts/password/change/", {"oldpassword": "wrong", "password1": "a" * 12, "password2": "a" * 12}).text
    assert "This is not your current password." in page
