"""What people like: single tiles of sheets."""

from typing import Any, Self

from django.conf import settings
from django.db import models

from portal.runs.models.results import Sample
from portal.runs.models.run import Run


class FavouriteQuerySet(models.QuerySet["Favourite"]):
    def of(self, user: Any) -> Self:
        """The person's own, for nobody sees another's; strangers have none."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def visible_to(self, user: Any) -> Self:
        """The person's own, on runs that they may see now."""
        return self.of(user).filter(sample__run__in=Run.objects.visible_to(user))


class Favourite(models.Model):
    """One tile of one sheet that one person likes.

    A table of its own, because it is neither the run's (its process writes that, its owner shares it) nor one value of the person's: it is
    asked for from both sides, by run for the hearts on its page, by person for the gallery, and a sheet that has one is not thinned away.
    It goes with its sheet and with its person.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="favourites")
    tile = models.PositiveSmallIntegerField()
    """Row by row from 0."""
    created = models.DateTimeField(auto_now_add=True)

    objects = FavouriteQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "sample", "tile"], name="one_favourite_per_tile")]

    def __str__(self) -> str:
        return f"tile {self.tile} of {self.sample_id}"
