"""Typed readers of environment variables: an unset one gives the default, nonsense stops the start with a sentence."""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""Not encrypted; STARTTLS; TLS from the first byte."""


class MailServer(NamedTuple):
    """In the order of Django's settings `EMAIL_HOST`, `EMAIL_PORT`, ...; without a host, no mails are sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")


def number(name: str, default: float, *, least: float = 0) -> float:
    value = os.environ.get(name, "").strip()
    if value == "":
        return default
    try:
        result = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if result < least:
        raise ImproperlyConfigured(f"{name} must be at least {least:g}, not {value}.")
    return result


def integer(name: str, default: int, *, least: int = 0) -> int:
    result = number(name, default, least=least)
    if result != int(result):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {result}.")
    return int(result)


def word(name: str) -> str:
    """A name of at most 50 letters, digits, dots, hyphens and underscores."""
    value = os.environ.get(name, "").strip()
    if not re.fullmatch(r"[\w.-]{0,50}", value):
        raise ImproperlyConfigured(f"{name} must be one word of at most 50 letters, digits, dots, hyphens and underscores, not {value!r}.")
    return value


def limit(name: str) -> int | None:
    """A whole number, or None for as much as one likes."""
    return integer(name, 0) if os.environ.get(name, "").strip() else None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """A comma-separated list such as 10.0.0.0/8, fd00::/8."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list networks such as 10.0.0.0/8, separated by commas: {error}.") from None


def mail_server(name: str, plain: str) -> MailServer:
    """An address such as smtp+tls://user:password@mail.example.org:587; else the variable `plain`, the host of a server that asks for neither."""
    value = os.environ.get(name, "").strip()
    if not value:
        return MailServer(text(plain))
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in MAIL_PORTS or not parts.hostname:  # the value is not repeated: it may hold a password
        raise ImproperlyConfigured(f"{name} must begin with smtp://, smtp+tls:// or smtps://, and name a host, and a port if it is another one.")
    return MailServer(
        parts.hostname,
        port or MAIL_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtp+tls",
        parts.scheme == "smtps",
    )
