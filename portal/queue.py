"""The only file of the portal that knows Celery: it sends tasks by name, with ids only, after the commit.

A message is a wake-up, never a fact: what is to be done stands in the database, and the reaper sends again what got
lost. So a broker that is down costs seconds, and no page ever fails for it.
"""

import logging
from functools import cache
from uuid import UUID

import redis
from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from portal import broker

log = logging.getLogger(__name__)

INGEST = "worker.tasks.ingest"
TRAIN = "worker.tasks.train"
REAP = "worker.tasks.reap"
ESTIMATE = "worker.tasks.estimate"
CLEAN = "worker.tasks.clean"
DELIVER = "worker.tasks.deliver"
ROUTES = {
    INGEST: {"queue": "ingest"},
    TRAIN: {"queue": "train"},
    REAP: {"queue": "ingest"},
    ESTIMATE: {"queue": "estimate"},
    CLEAN: {"queue": "ingest"},
    DELIVER: {"queue": "ingest"},
}
QUICK = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
"""One more try at once, for a pooled connection that is older than the broker."""


@cache
def client() -> Celery:
    app = Celery("ganvas", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    timeouts = {"socket_timeout": broker.TIMEOUT, "socket_connect_timeout": broker.TIMEOUT}
    app.conf.update(task_routes=ROUTES, task_ignore_result=True, broker_transport_options={**timeouts, **QUICK})
    return app


def ingest(dataset_id: UUID) -> None:
    """Have a worker check the dataset's archive."""
    _send_on_commit(INGEST, str(dataset_id))


def train() -> None:
    """Wake a worker: there is a run in the queue. Which one is next, the worker asks the database."""
    _send_on_commit(TRAIN)


def estimate() -> None:
    """Wake a worker: settings wait to be measured. One wake-up serves for all of them, so none piles up where no worker listens."""
    transaction.on_commit(lambda: None if wakeups_waiting(ESTIMATE) else _send(ESTIMATE))


def deliver() -> None:
    """Wake a worker: there is something to tell people. What, the worker asks the database."""
    _send_on_commit(DELIVER)


def wakeups_waiting(task: str = TRAIN) -> int:
    """Wake-ups (for trainers, unless told otherwise) that no worker has taken yet; 0 when the broker cannot tell."""
    try:
        return int(broker.client().llen(ROUTES[task]["queue"]))
    except redis.RedisError:
        return 0


def _send_on_commit(task: str, *args: str) -> None:
    transaction.on_commit(lambda: _send(task, *args))


def _send(task: str, *args: str) -> None:
    try:
        client().send_task(task, args, retry=True, retry_policy=QUICK)
    except (OperationalError, redis.RedisError, OSError) as error:
        log.warning("The broker is out of reach, %s is sent again by the reaper: %s", task, error)
