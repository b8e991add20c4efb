"""Mails about runs that have ended."""

from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from portal.notices import mails
from portal.notices.models import Delivery
from worker.undelivered import Undelivered

SUBJECTS = {"completed": "“{}” is done", "failed": "“{}” failed", "stopped": "“{}” was stopped"}
NAME = 100
"""Characters of a run's name in a subject."""


def send_letter(delivery: Delivery) -> str:
    """What came back, as a sentence.

    Raises:
        Undelivered
    """
    if not mails.are_sent():
        raise Undelivered("This installation sends no e-mail any more.")
    address = mails.address_of(delivery.owner)
    if address is None:
        raise Undelivered("Your e-mail address is not confirmed any more.", for_good=True)
    subject, text = letter(delivery.told)
    host = urlsplit(settings.PUBLIC_URL).hostname
    headers = {"Message-ID": f"<{delivery.pk}@{host}>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject, text, to=[address], headers=headers).send()
    except (SMTPException, OSError):
        raise Undelivered("The mail server did not take it.") from None
    return "The mail server took it."


def letter(told: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of what a delivery tells."""
    run = told["run"]
    name = " ".join(run["name"].split())
    subject = SUBJECTS[run["status"]].format(name if len(name) <= NAME else f"{name[: NAME - 1]}…")
    context = {**told, "name": name, "url": run_url(run["id"]), "account_url": f"{settings.PUBLIC_URL}{reverse('people:account')}#notices"}
    return subject, render_to_string("notices/mail.txt", context)


def run_url(run_id: str) -> str:
    """Of its page, with the host."""
    return f"{settings.PUBLIC_URL}{reverse('runs:detail', args=[run_id])}"
