"""What a run leaves behind: loss points, scores, sample sheets, and files.

No table has an index on the run alone: each has a constraint or an index that begins with it.
"""

from typing import Any, Self
from urllib.parse import quote

from django.db import models
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from portal.addresses import address
from portal.runs.models.run import Run
from portal.runs.models.run_queryset import RunQuerySet


class LossPoint(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="losses", db_index=False)
    attempt = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    seconds = models.FloatField()
    discriminator = models.FloatField()
    generator = models.FloatField()
    augmentation = models.FloatField(null=True, blank=True)
    """Probability of adaptive augmentation, 0..1; null without it."""

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_loss_point_per_step")]

    def __str__(self) -> str:
        return f"step {self.step}"


class Score(models.Model):
    """How near drawn pictures are to training pictures: the columns are those of `gan_core.events.Scores`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="scores", db_index=False)
    attempt = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    seconds = models.FloatField()
    extractor = models.CharField(max_length=100)
    samples = models.PositiveIntegerField()
    real = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    fd = models.FloatField()
    kid = models.FloatField()
    kid_error = models.FloatField()
    precision = models.FloatField()
    recall = models.FloatField()
    density = models.FloatField()
    coverage = models.FloatField()
    mifid = models.FloatField()
    copies = models.FloatField()
    cost = models.FloatField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_score_per_step")]

    def __str__(self) -> str:
        return f"step {self.step}"


class SampleQuerySet(models.QuerySet["Sample"]):
    def series(self) -> Self:
        """The sheets that show the run over time; those that were drawn of one class are no part of it."""
        return self.filter(label=None)


class Sample(models.Model):
    """A sheet of samples: one immutable picture file."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples", db_index=False)
    attempt = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    epoch = models.FloatField()
    image = models.FileField(max_length=300)
    columns = models.PositiveSmallIntegerField()
    rows = models.PositiveSmallIntegerField()
    tile_width = models.PositiveSmallIntegerField()
    tile_height = models.PositiveSmallIntegerField()
    seed = models.PositiveBigIntegerField()
    row_labels: Any = models.JSONField(default=list, blank=True)
    """Name of the class of each row; empty without classes."""
    label = models.PositiveIntegerField(null=True, blank=True)
    """Index of the class of all tiles, for a sheet drawn of one class on demand; null for the series."""
    bytes = models.PositiveBigIntegerField(default=0)
    nearest: Any = models.JSONField(null=True, blank=True)
    """The training pictures nearest to each tile: `{extractor, usual, tiles: [[[index, distance], ...], ...]}`, where the index is the
    picture's place in the dataset. Null before the first score. Defer it where many sheets are read."""
    created = models.DateTimeField(auto_now_add=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], condition=Q(label=None), name="one_sheet_per_step"),
            models.UniqueConstraint(fields=["run", "step", "label"], name="one_sheet_of_a_class_per_step"),
        ]
        indexes = [models.Index(fields=["run", "bytes"], name="sample_bytes_of_a_run")]  # summed from the index alone

    def __str__(self) -> str:
        return f"step {self.step}"

    @property
    def class_name(self) -> str | None:
        """Of the class of all tiles; None in the series."""
        return None if self.label is None else str(self.row_labels[0])

    @property
    def address(self) -> str:
        """Of the picture, without the host. The same step may be drawn again: the address differs then, so that no cache ever shows the old file."""
        path, name = address("api:run-sample-image", self.run_id, self.step), self.class_name
        return f"{path}?v={self.pk}" if name is None else f"{path}?label={quote(name, safe='')}&v={self.pk}"


class ArtifactQuerySet(models.QuerySet["Artifact"]):
    def superseded(self) -> "list[Artifact]":
        """Of one run's those that need not stay: the newest few of each kind do, the best and the pinned."""
        kept = Artifact.KEPT.items()
        return [file for kind, count in kept for file in self.filter(kind=kind).order_by("-step")[count:] if not (file.best or file.pinned)]


class Artifact(models.Model):
    class Kind(models.TextChoices):
        WEIGHTS = "weights"
        CHECKPOINT = "checkpoint"
        CARD = "card"

    KEPT = {Kind.CHECKPOINT: 2, Kind.WEIGHTS: 1, Kind.CARD: 1}
    """How many of each kind stay. The second checkpoint is for the day the first is damaged."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    attempt = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    step = models.PositiveIntegerField()
    file = models.FileField(max_length=300)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    best = models.BooleanField(default=False)
    """It belongs to the best score so far, and stays until there is a better one."""
    pinned = models.BooleanField(default=False)
    """The owner keeps what belongs to this step; see `portal.runs.keeping`."""
    created = models.DateTimeField(auto_now_add=True)

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        ordering = ["-step", "-pk"]
        constraints = [models.UniqueConstraint(fields=["run", "kind", "step"], name="one_artifact_of_a_kind_per_step")]
        indexes = [models.Index(fields=["run", "bytes"], name="artifact_bytes_of_a_run")]

    def __str__(self) -> str:
        return f"{self.kind}, step {self.step}"


def weigh(runs: RunQuerySet) -> None:
    """Add up anew what these runs store. Whoever adds or deletes rows of sheets or artifacts calls it in the same transaction: to add up a person's
    rows whenever somebody asks would take longer with each sheet there ever was.
    """
    sums = [model.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(total=Sum("bytes")) for model in (Sample, Artifact)]
    sheets, files = (Coalesce(Subquery(rows.values("total")), 0) for rows in sums)
    runs.update(stored=sheets + files)
