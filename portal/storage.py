"""Whole prefixes of the file storage."""

import logging
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import default_storage

log = logging.getLogger(__name__)

FAILURES = (OSError, BotoCoreError, ClientError)
"""What a storage raises that is out of reach, full, or refuses."""


def delete_directory(prefix: str) -> None:
    """Delete every file below `prefix`. What is not there is no error; works on folders and on S3 alike."""
    try:
        directories, files = default_storage.listdir(prefix)
    except (FileNotFoundError, NotADirectoryError):
        return
    for directory in directories:
        delete_directory(f"{prefix}/{directory}")
    for file in files:
        default_storage.delete(f"{prefix}/{file}")
    default_storage.delete(prefix)  # an emptied folder; S3 has none and shrugs


def discard_directory(prefix: str) -> None:
    """Delete everything below `prefix`, whose row is gone. If the storage fails now, `portal.orphans` finds later what has stayed."""
    try:
        delete_directory(prefix)
    except FAILURES as error:
        log.warning("%s could not be deleted, and is cleaned later: %s", prefix, error)


def walk(prefix: str) -> Iterator[str]:
    """Names of all files below `prefix`."""
    try:
        directories, files = default_storage.listdir(prefix)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (f"{prefix}/{file}" for file in files)
    for directory in directories:
        yield from walk(f"{prefix}/{directory}")
