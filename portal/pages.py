"""Pages about the installation itself: documentation and status."""

import platform
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gan_core.config import TrainConfig
from gan_core.images import SKIP_REASONS
from gan_core.recipes import RECIPES
from portal import health
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Run, Status
from portal.runs.setting_fields import extra
from portal.runs.settings_form import GROUPS


@require_safe
def help(request: HttpRequest) -> HttpResponse:
    fields = [(name, info, extra(info)) for name, info in TrainConfig.model_fields.items()]
    groups = [(title, [(name, info, more["unit"]) for name, info, more in fields if more["group"] == key]) for key, title in GROUPS.items()]
    context = {"recipes": RECIPES.values(), "reasons": SKIP_REASONS, "groups": groups, "settings": settings}
    return render(request, "help.html", context)


@require_safe
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Whether the parts answer. Names of workers and versions of software only for those who are signed in."""
    state = health.state()
    context: dict[str, Any] = {"state": state}
    if request.user.is_authenticated:
        context["workers"] = _workers()
        context["counts"] = {
            "waiting": Run.objects.filter(status=Status.QUEUED).count(),
            "working": Run.objects.filter(status__in=ACTIVE).count(),
            "checking": Dataset.objects.filter(status=Dataset.Status.PROCESSING).count(),
        }
        context["versions"] = [("Python", platform.python_version()), ("Django", django.get_version())]
    return render(request, "status.html", context, status=200 if state["database"] else 503)


def _workers() -> list[dict[str, Any]]:
    """Every worker that has ever reported a run, with its newest report: what the database knows, whatever the broker does."""
    seen: dict[str, dict[str, Any]] = {}
    rows = Run.objects.exclude(worker="").order_by("-last_sampled").values("worker", "device", "updated", "status")[:500]
    for row in rows:
        known = seen.setdefault(row["worker"], {**row, "working": 0})
        known["working"] += row["status"] in ACTIVE
        known["device"] = known["device"] or row["device"]
    return list(seen.values())[:50]
