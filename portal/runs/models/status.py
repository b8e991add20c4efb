"""The states of a run."""

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"


ACTIVE = (Status.STARTING, Status.RUNNING)
"""A process holds the run."""
ENDED = (Status.COMPLETED, Status.FAILED, Status.STOPPED)
