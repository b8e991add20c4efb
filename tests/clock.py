"""A clock that tests set, for this process and for what it asks of the database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now
from django.utils import timezone


def follow(now: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it is the time that `now` tells."""
    monkeypatch.setattr(timezone, "now", now)

    def told(_: Now, *where: Any, **how: Any) -> Value:
        return Value(now(), output_field=DateTimeField()).resolve_expression(*where, **how)

    monkeypatch.setattr(Now, "resolve_expression", told)
