"""Where people's programs are told that a run has ended, and what is still to be told, by mail or by webhook.

Two nouns of their own. A Webhook is a person's, not a run's, and has a secret. A Delivery is a promise: it is written in the very transaction in
which the run ends (see `portal.notices.outbox`), so that a broker that is wiped or a sender that dies loses none, and it keeps what came back,
which nothing else knows. It outlives its run, for what has happened is to be told even if the run is deleted meanwhile.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta
from random import uniform
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

LEASE = timedelta(minutes=2)
"""That a sender has for one delivery: longer than name server, connection and answer may take together. Then another one may try."""
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = timedelta(seconds=10), timedelta(hours=4), 3
"""Between one try and the next: 10 s, 30 s, 90 s, ... 4 h, each up to a fifth shorter or longer, so that those that failed together part."""
LONGEST_REST = timedelta(minutes=30)
"""Of a webhook that fails again and again; all that is for it waits meanwhile."""
PATIENCE = timedelta(days=1)
"""For which a delivery is tried: 13 times, as a rule."""
KEPT = timedelta(days=30)
ANSWER = 200
"""Characters of what came back that are kept."""


def pause_after(failures: int) -> timedelta:
    """Before the next try."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** min(failures - 1, 9))
    return pause * uniform(0.8, 1.2)


class OwnQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: Any) -> Self:
        """The person's own; not even staff have any business with those of others."""
        return self.filter(owner=user) if user.is_authenticated else self.none()


class Webhook(models.Model):
    MOST = 3
    """Of one person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks", db_index=False)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=100, editable=False)
    """Shown once. Kept as it is, and not as a digest like that of a token, because signatures are made with it; nothing here opens to it."""
    created = models.DateTimeField(auto_now_add=True)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    """In a row."""
    rests_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Before then nothing is tried, so that a receiver that does not answer costs the senders little, however much is for it."""

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["created"]
        constraints = [models.UniqueConstraint(fields=["owner", "url"], name="an_address_once")]

    def __str__(self) -> str:
        return self.url

    def answered(self) -> None:
        Webhook.objects.filter(pk=self.pk, failures__gt=0).update(failures=0, rests_until=None)

    def rest(self) -> None:
        """It has failed: leave it alone for a while, and give up what has waited for it for too long."""
        now = timezone.now()
        self.failures += 1
        until = now + min(LONGEST_REST, pause_after(self.failures))
        Webhook.objects.filter(pk=self.pk).update(failures=min(self.failures, 1000), rests_until=until)
        self.deliveries.filter(due__isnull=False, attempts__gt=0, created__lt=now - PATIENCE).update(due=None)


class DeliveryQuerySet(OwnQuerySet):
    def due(self) -> Self:
        """To be tried now; what was tried less often comes first, so that nothing that is refused again and again keeps back the rest.
        Tests do not wait for a webhook that rests: somebody is looking."""
        now = timezone.now()
        awake = Q(webhook=None) | Q(webhook__rests_until=None) | Q(webhook__rests_until__lte=now) | Q(event=Delivery.Event.TEST)
        return self.filter(awake, due__lte=now, owner__is_active=True).order_by("attempts", "due")

    def claim(self, but_not_of: Collection[int] = (), mails: bool = True) -> "Delivery | None":
        """The next that is due, taken for LEASE by one conditional UPDATE; None if there is none.

        Args:
            but_not_of: people whose webhooks are to be left out.
            mails: whether mails are wanted.
        """
        waiting = self.due().exclude(webhook__isnull=False, owner__in=but_not_of)
        if not mails:
            waiting = waiting.exclude(webhook=None)
        while (found := waiting.first()) is not None:
            if self.filter(pk=found.pk, due=found.due).update(due=timezone.now() + LEASE, attempts=F("attempts") + 1):
                taken: Delivery | None = self.select_related("owner", "webhook").filter(pk=found.pk).first()
                if taken is not None:  # else its webhook was removed a moment ago
                    return taken
        return None

    def forgotten(self) -> Self:
        """So old that nobody asks for it any more."""
        return self.filter(created__lt=timezone.now() - KEPT)


class Delivery(models.Model):
    class Event(models.TextChoices):
        COMPLETED = "run.completed", "Completed"
        FAILED = "run.failed", "Failed"
        STOPPED = "run.stopped", "Stopped"
        TEST = "test", "Test"

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """The same with every try, so that a receiver can tell what it has had already."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    webhook = models.ForeignKey(Webhook, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    """Null for a mail to the owner."""
    run = models.ForeignKey("runs.Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries")
    event = models.CharField(max_length=13, choices=Event.choices)
    told: Any = models.JSONField()
    """What has happened, as it was then: `{reason, actor, run}`, see `portal.notices.outbox`."""
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(null=True, blank=True, default=timezone.now)
    """When it is tried next; null once it is delivered or given up."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """Counts claims; the fence of what a sender writes."""
    delivered = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=ANSWER, blank=True)
    """What came back last, as a sentence."""

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due"], condition=Q(due__isnull=False), name="deliveries_waiting"),
            models.Index(fields=["owner", "-created"], name="deliveries_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook or 'mail'}"

    @property
    def state(self) -> State:
        if self.delivered is not None:
            return self.State.DELIVERED
        return self.State.GIVEN_UP if self.due is None else self.State.WAITING

    @property
    def seconds_left(self) -> float:
        """Until the next try."""
        if self.due is None:
            return 0.0
        rests_until = self.webhook and self.webhook.rests_until
        return max(0.0, (max(self.due, rests_until or self.due) - timezone.now()).total_seconds())

    def succeeded(self, answer: str) -> None:
        self._settle(due=None, delivered=timezone.now(), answer=answer)

    def failed(self, answer: str, for_good: bool = False) -> None:
        """Try again later; or give up, after a day, if it cannot be helped, or at once for a test, at which somebody is looking."""
        due = timezone.now() + pause_after(self.attempts)
        over = for_good or self.event == self.Event.TEST or due > self.created + PATIENCE
        self._settle(due=None if over else due, answer=answer)

    def _settle(self, *, answer: str, **values: Any) -> None:
        """Refused if somebody else has taken it since, for this sender needed too long."""
        mine = Delivery.objects.filter(pk=self.pk, attempts=self.attempts, delivered=None)
        mine.update(answer=answer[:ANSWER], **values)
