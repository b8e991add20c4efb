"""The only file of the portal that knows Celery: it sends tasks by name, with ids only, after the commit.

A message is a wake-up, never a fact: what is to be done stands in the database, and a worker also looks there by
itself. So a broker that is down costs seconds, and no page ever fails for it.
"""

import logging
from functools import cache
from uuid import UUID

from celery import Celery
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

INGEST = "worker.tasks.ingest"
TRAIN = "worker.tasks.train"
ROUTES = {INGEST: {"queue": "ingest"}, TRAIN: {"queue": "train"}}


@cache
def client() -> Celery:
    app = Celery("ganvas", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    app.conf.update(task_routes=ROUTES, task_ignore_result=True, broker_transport_options={"socket_timeout": 2, "socket_connect_timeout": 2})
    return app


def ingest(dataset_id: UUID) -> None:
    """Have a worker check the dataset's archive."""
    _send_on_commit(INGEST, str(dataset_id))


def train() -> None:
    """Wake a worker: there is a run in the queue. Which one is next, the worker asks the database."""
    _send_on_commit(TRAIN)


def _send_on_commit(task: str, *args: str) -> None:
    transaction.on_commit(lambda: _send(task, *args))


def _send(task: str, *args: str) -> None:
    try:
        client().send_task(task, args, retry=False)
    except (client().connection_for_write().connection_errors, OSError) as error:
        log.warning("The broker is out of reach, %s waits for the worker's own look at the database: %s", task, error)
