"""Datasets that are only their archive yet, their check, and what is stored of them."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from portal.datasets.models import Dataset
from worker.ingest import ingest


def upload(owner: Any, data: bytes) -> Dataset:
    dataset = Dataset(owner=owner, name="Pictures")
    dataset.archive.save("archive", ContentFile(data), save=False)
    dataset.save()
    return dataset


def checked(owner: Any, data: bytes) -> Dataset:
    dataset = upload(owner, data)
    ingest(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def stored(dataset: Dataset) -> list[str]:
    """Everything in storage that belongs to the dataset."""
    found = []
    pending = [dataset.directory]
    while pending:
        prefix = pending.pop()
        if not default_storage.exists(prefix):
            continue
        directories, files = default_storage.listdir(prefix)
        found += [f"{prefix}/{file}".removeprefix(f"{dataset.directory}/") for file in files]
        pending += [f"{prefix}/{directory}" for directory in directories]
    return sorted(found)
