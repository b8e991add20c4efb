"""Whole prefixes of the file storage, listed and deleted by portions: in memory is one of them, however many files there are."""

import heapq
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import default_storage

log = logging.getLogger(__name__)

FAILURES = (OSError, BotoCoreError, ClientError)
"""What a storage raises that is out of reach, full, or refuses."""
PORTION = 1000
"""Names that are listed or deleted at a time, which is as many as S3 tells in one answer, and takes in one request."""


def delete_directory(prefix: str) -> None:
    """Delete every file below `prefix`. What is not there is no error; works on folders and on S3 alike.

    Raises:
        OSError: one could not be deleted; so do the storage's own failures.
    """
    if _is_bucket():
        for answer in _answers(Prefix=f"{prefix}/"):
            _delete_keys([one["Key"] for one in answer.get("Contents", ())])
        return
    while entries := list(islice(_entries(prefix), PORTION)):  # begun anew each time, for what is listed and deleted by turns may skip some
        for entry in entries:
            name = f"{prefix}/{entry.name}"
            if entry.is_dir():
                delete_directory(name)
            else:
                default_storage.delete(name)
    default_storage.delete(prefix)


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


def _delete_keys(keys: list[str]) -> None:
    """By one request; as many as are told in one answer."""
    if not keys:
        return
    storage: Any = default_storage
    objects = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    for error in storage.connection.meta.client.delete_objects(Bucket=storage.bucket_name, Delete=objects).get("Errors", ()):
        raise OSError(f"{error['Key']}: {error.get('Message') or error.get('Code')}")


def _entries(prefix: str) -> Iterator["os.DirEntry[str]"]:
    """What is in a folder, in any order."""
    try:
        with os.scandir(default_storage.path(prefix)) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
