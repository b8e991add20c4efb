"""A dataset: the archive as it came, what was found in it, and what was skipped."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models, transaction

from gan_core.images import SKIP_REASONS
from gan_core.images.fit import Parts, prepared_count
from portal.addresses import address
from portal.trail.changes import changes
from portal.trail.models import Deed
from portal.visibility import OwnedQuerySet, Visibility


def archive_path(dataset: "Dataset", filename: str) -> str:
    """The uploader's file name stays out of the path; it is kept in `archive_name`."""
    return f"datasets/{dataset.pk}/archive"


class Dataset(models.Model):
    class Status(models.TextChoices):
        UPLOADING = "uploading"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROCESSING, db_index=True)
    progress = models.FloatField(default=0)
    """Share of the archive checked so far, 0 to 1."""
    sample = models.CharField(max_length=50, blank=True)
    """Name of the installed sample collection it was made from (see `portal.datasets.samples`); blank for uploads."""
    archive = models.FileField(upload_to=archive_path, max_length=300, blank=True)
    archive_name = models.CharField(max_length=255, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    """Stored size: archive, manifest, thumbnails."""
    sha256 = models.CharField(max_length=64, blank=True)
    """Of the archive, as it was when it was checked: what a node fetches must be that. Blank in rows of older versions."""

    image_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    """Pictures whose pixels equal an earlier one's."""
    transparent_count = models.PositiveIntegerField(default=0)
    annotated = models.PositiveIntegerField(default=0)
    """Pictures with boxes around their subjects."""
    boxes = models.PositiveIntegerField(default=0)
    classes: Any = models.JSONField(default=list, blank=True)
    """[{"name", "count"}] in label order; empty when the archive has no folders."""
    modes: Any = models.JSONField(default=dict, blank=True)
    """Pillow mode -> count, as found in the files."""
    width: Any = models.JSONField(default=dict, blank=True)
    """{"min", "median", "max"} in pixels; `height` likewise."""
    height: Any = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    attempt = models.PositiveIntegerField(default=0)
    excused = models.PositiveIntegerField(default=0)
    """Attempts that broke off for no fault of the archive: the worker had to leave, or storage, disk or database were away or full."""
    lease_expires = models.DateTimeField(null=True, blank=True)
    """While a worker checks the archive; an expired lease is taken over by the next worker."""
    created = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("datasets:detail", self.pk)

    def change(self, actor: Any, **values: Any) -> None:
        """Write these columns and no others (a worker that checks the archive writes those meanwhile), and record each that differs."""
        with transaction.atomic():
            before = Dataset.objects.select_for_update(of=("self",)).select_related("owner").get(pk=self.pk)
            for what, detail in changes(before, values):
                Deed.objects.record(before, actor, what, detail)
            Dataset.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)

    def training_count(self, config: Parts) -> int:
        """Pictures that a run with these settings trains on: boxes and tiles give several of one."""
        return prepared_count(config, self.image_count, self.annotated, self.boxes)

    @property
    def directory(self) -> str:
        """Storage prefix of everything that belongs to this dataset."""
        return f"datasets/{self.pk}"


class SkippedFile(models.Model):
    """A member of the archive that is not used, in the order of the archive."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="skipped")
    position = models.PositiveIntegerField()
    path = models.CharField(max_length=1000)
    reason = models.CharField(max_length=20, choices=list(SKIP_REASONS.items()))
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["dataset", "position"], name="one_skip_per_position")]

    def __str__(self) -> str:
        return self.path
