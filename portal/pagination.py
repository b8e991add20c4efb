"""Pages of lists: `?page=2&page_size=100` of the API, and walls that only know whether there is more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView


def part(rows: "QuerySet[Any]", start: int, count: int) -> list[Any]:
    """Some rows out of the middle: sorts and skips keys alone, for rows are wide, and then fetches those that are shown."""
    keys = list(rows.values_list("pk", flat=True)[start : start + count])
    found = rows.in_bulk(keys)
    return [found[key] for key in keys if key in found]


@dataclass(frozen=True, slots=True)
class Wall:
    """A page of a list that is not counted, because nobody reads the count."""

    object_list: Sequence[Any]
    number: int
    has_next: bool

    @classmethod
    def of(cls, rows: "QuerySet[Any]", wanted: str | None, per_page: int) -> "Wall":
        """The wanted page; the first one if there is none of that number."""
        number = int(wanted) if wanted and wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) == int(wanted) else 1
        shown = part(rows, (number - 1) * per_page, per_page + 1)
        if not shown and number > 1:
            return cls.of(rows, None, per_page)
        return cls(shown[:per_page], number, len(shown) > per_page)

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    def __iter__(self) -> Iterator[Any]:
        return iter(self.object_list)


class ByKeys(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Of a queryset, the rows of later pages by their keys. Before the first one there is nothing to skip."""

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        if number == 1 or not isinstance(self.object_list, QuerySet):
            return super().page(number)
        return Page(part(self.object_list, (number - 1) * self.per_page, self.per_page), number, self)


class Pages(PageNumberPagination):
    django_paginator_class = ByKeys
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_page_size(self, request: Request) -> int:
        """The size asked for; nonsense is refused rather than ignored."""
        given = request.query_params.get("page_size", str(self.page_size))
        if not (given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= self.max_page_size):
            raise ValidationError({"page_size": [f"A number from 1 to {self.max_page_size}."]})
        return int(given)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, object]]:
        parameters = super().get_schema_operation_parameters(view)
        bounds = {"page": {"minimum": 1}, "page_size": {"minimum": 1, "maximum": self.max_page_size}}
        return [{**one, "schema": {**one["schema"], **bounds[one["name"]]}} for one in parameters]
