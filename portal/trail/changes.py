"""What differs between a row and the values that it is to have, in the words of the pages."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import models

from portal import words

CONFIDED = {"name", "visibility", "owner"}
"""Columns whose values only the owner and the staff are told: what was private may have been told in them."""
UNTOLD = {"description"}
"""Columns too long to tell the values of."""


class Change(NamedTuple):
    what: str
    """For everybody who may see the row."""
    detail: str
    """For its owner and the staff; may be empty."""


def changes(row: models.Model, values: Mapping[str, Any]) -> Iterator[Change]:
    """Those of `values`, by column, that the row does not have yet."""
    for column, value in values.items():
        if (old := getattr(row, column)) == value:
            continue
        field: Any = row._meta.get_field(column)
        what = {"name": "Renamed", "needs_memory": "Needed device memory changed"}.get(
            column, f"{field.verbose_name[:1].upper()}{field.verbose_name[1:]} changed"
        )
        told = f"from {_told(field, old)} to {_told(field, value)}"
        if column in UNTOLD:
            yield Change(what, "")
        elif column in CONFIDED:
            yield Change(what, told)
        else:
            yield Change(f"{what} {told}", "")


def _told(field: Any, value: Any) -> str:
    if value is None or value == "":
        return "any" if field.name in {"needs_memory", "pool"} else "none"
    if field.name == "needs_memory":
        return words.size(value)
    if field.name == "name":
        return f"“{value}”"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(dict(field.flatchoices).get(value, value))
