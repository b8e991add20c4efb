"""Asking for a measurement: at most one waits for each person, and the same settings are measured once for all."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal import queue
from portal.estimates.likeness import Settled
from portal.estimates.models import FORGOTTEN, Estimate


def ask(user: Any, settled: Settled) -> Estimate:
    """What is known of these settings; a worker is asked to measure them if nothing is. What the person asked before and nobody began is dropped."""
    with transaction.atomic():
        fresh = {"config": settled.config, "classes": settled.classes, "asked_by": user}
        estimate, is_new = Estimate.objects.select_for_update().get_or_create(pk=settled.key, defaults=fresh)
        if not is_new and estimate.is_settled:
            return estimate
        dropped = Q(asked_by=user, begun=None) | Q(asked__lt=timezone.now() - FORGOTTEN)
        Estimate.objects.filter(dropped, measured=None).exclude(pk=settled.key).delete()
        if not is_new:
            estimate.asked, estimate.asked_by = timezone.now(), user
            estimate.begun = estimate.measured = estimate.seconds_per_step = estimate.memory_bytes = None
            estimate.error = ""
            estimate.save()
        queue.estimate()
    return estimate
