"""Who may see what. `visible_to` and `owned_by` are the only doors to datasets and runs, for pages and API alike."""

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
