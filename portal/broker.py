"""The live channel: what happens to a run is published here for the open pages (see `portal.live`).

Best effort by design: the database is the truth and pages fetch from it what they missed, so a broker that is down
costs a log line and never an error. The same server carries Celery's messages.
"""

import json
import logging
import time
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.utils.encoders import JSONEncoder

log = logging.getLogger(__name__)

CHANNEL_PREFIX = "ganvas:run:"
TIMEOUT = 1.0
"""Seconds to wait for the broker: much longer than it ever needs, short enough for a page."""
PAUSE = 5.0
"""Seconds without further tries after one that ran into the timeout, so that a broker that hangs costs one wait, not one a message."""

_muted_until = 0.0


@cache
def client() -> redis.Redis:
    """One connection pool per process. Retries once at once: a pooled connection may be older than the broker."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1))


def channel(run_id: UUID | str) -> str:
    return f"{CHANNEL_PREFIX}{run_id}"


def encode(event: str, data: Any) -> str:
    """A message: times, ids and numbers are spelled as the REST API spells them."""
    return json.dumps({"event": event, "data": data}, cls=JSONEncoder, separators=(",", ":"))


def publish(run_id: UUID | str, event: str, data: Any) -> bool:
    """Tell the open pages of a run. True if the broker took it; never raises for a broker that is out of reach."""
    global _muted_until
    if time.monotonic() < _muted_until:
        return False
    try:
        client().publish(channel(run_id), encode(event, data))
    except redis.TimeoutError as error:
        _muted_until = time.monotonic() + PAUSE
        log.warning("The broker does not answer, pages hear of run %s later: %s", run_id, error)
        return False
    except redis.RedisError as error:
        log.warning("The broker is out of reach, pages hear of run %s later: %s", run_id, error)
        return False
    return True
