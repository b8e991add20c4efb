"""The Celery application of the workers.

    celery -A worker.app worker --pool=threads --concurrency=1 -Q train     one for each device or group of devices
    celery -A worker.app worker --pool=threads --concurrency=3 -Q ingest    checks datasets, reaps, tells people
    celery -A worker.app worker --pool=threads --concurrency=1 -Q estimate  beside a trainer: measures settings before their launch
    celery -A worker.app beat                                               one for the whole installation

Messages are acknowledged early: whether work is done is the database's business, not the broker's. Threads, because a
run is a process of its own, and because pool processes would not hear of a shutdown before their task is done.
"""

import os
from datetime import datetime

from celery import Celery
from celery.schedules import crontab, schedstate, schedule
from django.conf import settings

from portal import queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")  # before the settings' first use; Celery itself then sets up Django
os.environ.setdefault("CELERY_SKIP_CHECKS", "yes")  # Django's checks load all pages; the web process has made them

REAP_SECONDS = min(5.0, settings.GANVAS_LEASE_SECONDS / 2)
CLEAN_AT = crontab(hour="3", minute="17")
"""UTC. At a time of day, because a period of a day would begin anew with each start of the scheduler."""

A_DAY = 86_400
"""Messages expire after seconds that another machine's clock counts, so they are given many."""


class Every(schedule):  # type: ignore[misc]
    """Due also when the clock has been set back behind the last time: Celery's own would rest until it is there again."""

    def is_due(self, last_run_at: datetime) -> schedstate:
        if self.maybe_make_aware(last_run_at) > self.now():
            return schedstate(is_due=True, next=self.seconds)
        return super().is_due(last_run_at)


app = Celery("worker", broker=settings.CELERY_BROKER_URL, include=["worker.tasks"])
app.conf.update(
    task_routes=queue.ROUTES,
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,  # a busy worker leaves wake-ups to idle ones
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"socket_keepalive": True},
    beat_schedule={
        "reap": {"task": queue.REAP, "schedule": Every(REAP_SECONDS), "options": {"expires": A_DAY}},
        "clean": {"task": queue.CLEAN, "schedule": CLEAN_AT, "options": {"expires": A_DAY / 2}},
    },
)
