"""What every page knows: the chosen theme, the open section, how many runs wait, the version."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.runs.models import Run, Status

SECTIONS = (("/datasets/", "datasets"), ("/queue/", "queue"), ("/runs/new/", "new"), ("/account/", "account"), ("/accounts/password/", "account"))
VISIBILITY_ICONS = {"private": "lock", "members": "users", "public": "world"}


def shell(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    section = next((name for prefix, name in SECTIONS if request.path.startswith(prefix)), "")
    if not section and (request.path in ("/", "/gallery/") or request.path.startswith("/runs/")):
        section = "gallery"
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "section": section,
        "version": settings.VERSION,
        "signup_open": settings.GANVAS_SIGNUP,
        "visibility_icons": VISIBILITY_ICONS,
        "waiting_count": cache(Run.objects.filter(status=Status.QUEUED).count),  # asked by the templates that show it
        "single_keys": request.COOKIES.get("keys") != "off",
    }
