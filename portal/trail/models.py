"""Who did what to things that have no history of their own, or have it no longer."""

from typing import Any, Self

from django.conf import settings
from django.db import models


class DeedQuerySet(models.QuerySet["Deed"]):
    def visible_to(self, user: Any) -> Self:
        """What was done to this person's own things; for staff all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)

    def record(self, thing: models.Model, actor: Any, what: str, detail: str = "", freed: int | None = None) -> "Deed":
        """Enter what `actor` does to a run or dataset, as it is before that. Belongs into the transaction of the deed."""
        row: Any = thing
        return self.create(
            kind=str(thing._meta.model_name),
            thing=row.pk,
            name=row.name,
            owner=row.owner,
            owner_name=row.owner.username,
            actor=actor,
            actor_name=actor.username if actor else "",
            what=what,
            detail=detail,
            freed=freed,
        )


class Deed(models.Model):
    """Something that a person did to a dataset, or that ended a run.

    A table of its own, because a run takes its transitions with it when it is deleted, and datasets have none. It names the thing and the
    people in words, so that it tells the same when they are gone; rows are neither changed nor deleted.
    """

    kind = models.CharField(max_length=20)
    """`run` or `dataset`."""
    thing = models.UUIDField("id of the run or dataset")
    name = models.CharField(max_length=200)
    """As it was before the deed."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_name = models.CharField("owner", max_length=150)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField("actor", max_length=150, blank=True)
    what = models.CharField(max_length=200)
    detail = models.CharField(max_length=500, blank=True)
    freed = models.PositiveBigIntegerField("freed, bytes", null=True)
    """Of storage; null unless it was deleted."""
    created = models.DateTimeField(auto_now_add=True)

    objects = DeedQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [models.Index(fields=["-created", "-id"], name="deeds_newest"), models.Index(fields=["thing"], name="deeds_of_a_thing")]

    def __str__(self) -> str:
        return f"{self.what}: {self.name}"
