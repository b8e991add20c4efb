"""Addresses of what a page shows by the dozen: the route is looked up once, and filled in as often as it takes."""

from functools import cache
from uuid import UUID

from django.urls import reverse


def address(route: str, *given: UUID | int) -> str:
    """As `reverse`, which searches all routes each time, takes twenty times as long."""
    return _pattern(route, tuple(isinstance(one, UUID) for one in given)).format(*given)


@cache
def _pattern(route: str, are_ids: tuple[bool, ...]) -> str:
    """The address with {0}, {1} where the values belong."""
    marks = [UUID(int=place) if is_id else 10**9 + place for place, is_id in enumerate(are_ids)]
    found = reverse(route, args=marks)
    for place, mark in enumerate(marks):
        found = found.replace(str(mark), f"{{{place}}}")
    return found
