"""The record of a run's moves and of what people change of it."""

from typing import Any

from django.conf import settings
from django.db import models


class Transition(models.Model):
    """Who moved or changed a run, when and why: audit trail and history in one. Rows are never changed; they go with their run."""

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="transitions")
    frm = models.CharField("from", max_length=10, blank=True)
    to = models.CharField(max_length=10)
    """The same as `frm` where something else than the status changed."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    """As the actor was called then, which stays when the account goes; blank for the system."""
    worker = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500)
    detail = models.CharField(max_length=500, blank=True)
    """What only the owner and the staff are told besides."""
    origin = models.ForeignKey("runs.Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    """Of a launch: the run whose settings it began with. Told to those who may see that run."""
    step = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.frm} -> {self.to}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.actor and not self.actor_name:
            self.actor_name = self.actor.username
        super().save(*args, **kwargs)
