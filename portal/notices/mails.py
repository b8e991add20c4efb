"""Who can be told by mail: whoever has confirmed an address, on an installation that has a mail server."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings

from portal.accounts.models import User


class Unconfirmed(Exception):
    """There is no address to send to; `str(error)` is a sentence for the user."""


def are_sent() -> bool:
    return bool(settings.EMAIL_HOST)


def address_of(user: Any) -> str | None:
    """The address that the person has confirmed; None if there is none, for others must not be written to in somebody's name."""
    found: str | None = EmailAddress.objects.filter(user=user, primary=True, verified=True).values_list("email", flat=True).first()
    return found


def choose(user: User, when: User.Mail) -> None:
    """Have mails sent from now on.

    Raises:
        Unconfirmed
    """
    if when != User.Mail.NEVER:
        if not are_sent():
            raise Unconfirmed("This installation sends no e-mail.")
        if address_of(user) is None:
            raise Unconfirmed("Confirm your e-mail address first, on your account page.")
    User.objects.filter(pk=user.pk).update(mail_when=when)
    user.mail_when = when
