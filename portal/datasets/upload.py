"""Upload: from an archive, loose pictures or an installed sample collection to a dataset that a worker checks."""

import tempfile
import zipfile
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal import queue, storage
from portal.accounts.quota import require_room
from portal.datasets import samples
from portal.datasets.models import Dataset
from portal.visibility import Visibility


class UploadRefused(Exception):
    """The upload is not taken; `str(error)` is a sentence for the user."""


def upload(owner: Any, archive: "File[bytes]", *, name: str, description: str = "", visibility: str = Visibility.PRIVATE) -> Dataset:
    """Store the archive and have a worker check it.

    Raises:
        UploadRefused: larger than an archive may be.
        QuotaExceeded: the owner has no room for it.
    """
    size = archive.size
    if size > settings.GANVAS_ARCHIVE_BYTES:
        raise UploadRefused(f"The archive has {size:,} bytes, the limit is {settings.GANVAS_ARCHIVE_BYTES:,}.")
    require_room(owner, size)
    dataset = Dataset(owner=owner, name=name, description=description, visibility=visibility, bytes=size)
    dataset.archive_name = PurePath(archive.name or "archive").name[:255]
    try:
        with transaction.atomic():
            dataset.archive.save("archive", archive, save=False)
            dataset.save()
            queue.ingest(dataset.pk)
    except BaseException:
        storage.delete_directory(dataset.directory)
        raise
    return dataset


def upload_pictures(
    owner: Any, pictures: "Iterable[UploadedFile[bytes]]", *, name: str, description: str = "", visibility: str = Visibility.PRIVATE
) -> Dataset:
    """Loose pictures, packed into one archive so that every dataset has the same form. Raises like `upload`."""
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, suffix=".zip") as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for path, picture in _numbered(pictures):
                with archive.open(path, "w", force_zip64=True) as member:
                    for chunk in picture.chunks():
                        member.write(chunk)
        packed.seek(0)
        return upload(owner, File(packed, name="pictures.zip"), name=name, description=description, visibility=visibility)


def _numbered(files: "Iterable[UploadedFile[bytes]]") -> "Iterator[tuple[str, UploadedFile[bytes]]]":
    """Each file with a path of its own. A picture and the annotation of its name get the same number, so that they still belong together."""
    waiting: dict[tuple[str, bool], deque[int]] = defaultdict(deque)
    for number, file in enumerate(files, start=1):
        name = PurePath(file.name or "picture").name
        stem, annotation = PurePath(name).stem, name.lower().endswith(".xml")
        partners = waiting[stem, not annotation]
        mine = partners.popleft() if partners else number
        if mine == number:
            waiting[stem, annotation].append(number)
        yield f"{mine:05d}-{name}", file


def import_sample(owner: Any, sample: str, *, visibility: str = Visibility.PRIVATE) -> Dataset:
    """A dataset from an installed sample collection (`portal.datasets.samples`); the worker builds its archive.

    Raises:
        UploadRefused: no such collection is installed.
        QuotaExceeded: the owner has no room left.
    """
    found = next((one for one in samples.available() if one.name == sample), None)
    if found is None:
        raise UploadRefused("This sample collection is not installed.")
    require_room(owner)
    with transaction.atomic():
        dataset = Dataset.objects.create(owner=owner, name=found.title, description=found.description, visibility=visibility, sample=sample)
        queue.ingest(dataset.pk)
    return dataset
