"""Waiting for what is out of reach for a while: a database that restarts, a storage that does not answer, a disk that is full."""

import errno
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from portal.postgres import has_ended

T = TypeVar("T")
STORAGE_SECONDS = 300.0
"""For which a run's process waits for storage with what it has learned in memory. Then it ends, and the run goes on from its last checkpoint."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between one try and the next; the last one again and again."""
DATABASE = (OperationalError, InterfaceError)
PASSING = {
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO", "ESTALE", "EBUSY", "ENOTCONN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET"),
        *("ECONNABORTED", "EPIPE", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH"),
    )
}
"""Errors of the system whose cause somebody else will remove: a full disk, a file system that is read-only or was not mounted, a network."""


def is_passing(error: BaseException) -> bool:
    """Whether the same would succeed once database, storage or disk are well again."""
    if isinstance(error, (*DATABASE, BotoCoreError)) or has_ended(error):
        return True
    if isinstance(error, ClientError):  # of S3
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        return status in (403, 429) or status >= 500
    return isinstance(error, OSError) and (error.errno in PASSING or isinstance(error, (ConnectionError, TimeoutError)))


def patiently(do: Callable[[], T], seconds: float | None = None) -> T:
    """What `do` returns, tried again while what it needs is out of reach; raises its error after so many seconds (else a lease), or if it is of
    another kind. `do` must come to the same if it is done twice: of a commit whose answer is lost nobody knows whether it was made.
    """
    end = time.monotonic() + (settings.GANVAS_LEASE_SECONDS if seconds is None else seconds)
    tries = 0
    while True:
        try:
            return do()
        except Exception as error:
            if isinstance(error, DatabaseError):
                connection.close()
            if not is_passing(error) or time.monotonic() > end:
                raise
            if tries == 0 and not isinstance(error, DATABASE):
                print(f"Storage is out of reach or full, and tried again: {error}", flush=True)
        time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1
