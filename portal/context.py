"""What every page knows: the chosen theme, the open section, the version."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

SECTIONS = (("/datasets/", "datasets"), ("/runs/new/", "new"), ("/account/", "account"), ("/accounts/password/", "account"))
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
        "single_keys": request.COOKIES.get("keys") != "off",
    }
