"""Typed readers of environment variables: an unset one gives the default, nonsense stops the start with a sentence."""

import os
import re

from django.core.exceptions import ImproperlyConfigured


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
