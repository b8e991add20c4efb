"""Who may see what. `visible_to` and `owned_by` are the only doors to datasets and runs, for pages and API alike.

`may_see` and `may_change` tell the same of what came along with something else, such as the dataset of a run.
"""

from typing import Any, Self

from django.db import models
from django.db.models import Q


class Visibility(models.TextChoices):
    PRIVATE = "private", "Me"
    MEMBERS = "members", "Members"
    PUBLIC = "public", "Everyone"


class OwnedQuerySet(models.QuerySet[Any]):
    """For models with `owner` and `visibility`."""

    def visible_to(self, user: Any) -> Self:
        """Rows this user may look at: public ones; for members theirs and the members' ones; for staff all."""
        if user.is_authenticated and user.is_staff:
            return self
        allowed = Q(visibility=Visibility.PUBLIC)
        if user.is_authenticated:
            allowed |= Q(visibility=Visibility.MEMBERS) | Q(owner=user)
        return self.filter(allowed)

    def owned_by(self, user: Any) -> Self:
        """Rows this user may change: their own; for staff all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)


def may_see(user: Any, visibility: str, owner: Any) -> bool:
    """Whether `visible_to` lets this user have a row of that visibility, of the person with that id."""
    if visibility == Visibility.PUBLIC:
        return True
    return bool(user.is_authenticated and (user.is_staff or visibility == Visibility.MEMBERS or user.pk == owner))


def may_change(user: Any, owner: Any) -> bool:
    """Whether `owned_by` gives this user what belongs to the person with that id."""
    return bool(user.is_authenticated and (user.is_staff or user.pk == owner))
