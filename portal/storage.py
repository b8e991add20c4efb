"""Whole prefixes of the file storage, listed by portions: in memory is one of them, however many files there are."""

import heapq
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import default_storage

log = logging.getLogger(__name__)

FAILURES = (OSError, BotoCoreError, ClientError)
"""What a storage raises that is out of reach, full, or refuses."""
PORTION = 1000
"""Names that are listed at a time, which is as many as S3 tells in one answer."""


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


def discard_files(names: Iterable[str]) -> None:
    """Delete files whose rows are gone. As above if the storage fails."""
    for name in names:
        try:
            default_storage.delete(name)
        except FAILURES as error:
            log.warning("%s could not be deleted, and is cleaned later: %s", name, error)


def walk(prefix: str) -> Iterator[str]:
    """Names of all files below `prefix`, in any order. They may be deleted meanwhile."""
    if _is_bucket():
        for answer in _answers(Prefix=f"{prefix}/"):
            yield from (one["Key"] for one in answer.get("Contents", ()) if not one["Key"].endswith("/"))
        return
    for entry in _entries(prefix):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from walk(name)
        else:
            yield name


def directories(prefix: str, after: str = "") -> Iterator[str]:
    """Names of the directories in `prefix`, in order, beginning after that name; none of them may begin with the whole name of another."""
    if _is_bucket():
        beyond = f"{prefix}/{after}0" if after else ""  # the character that follows the slash
        for answer in _answers(Prefix=f"{prefix}/", Delimiter="/", StartAfter=beyond):
            yield from (one["Prefix"].removeprefix(f"{prefix}/").removesuffix("/") for one in answer.get("CommonPrefixes", ()))
        return
    while found := heapq.nsmallest(PORTION, (entry.name for entry in _entries(prefix) if entry.name > after and entry.is_dir())):
        yield from found
        after = found[-1]


def _is_bucket() -> bool:
    return hasattr(default_storage, "bucket_name")


def _answers(**asked: str) -> Iterator[dict[str, Any]]:
    storage: Any = default_storage
    paginator = storage.connection.meta.client.get_paginator("list_objects_v2")
    yield from paginator.paginate(Bucket=storage.bucket_name, PaginationConfig={"PageSize": PORTION}, **asked)


def _entries(prefix: str) -> Iterator["os.DirEntry[str]"]:
    """What is in a folder, in any order."""
    try:
        with os.scandir(default_storage.path(prefix)) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
