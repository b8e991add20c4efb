"""ASGI entry: event streams go to `portal.live`, everything else to Django. Run by uvicorn."""

import gc
import os
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

django.setup(set_prefix=False)

from portal import live  # noqa: E402  # they need the apps
from portal.handler import Pages  # noqa: E402
from portal.statics import Files  # noqa: E402

pages = Files(Pages())

# What is loaded once stays: looking it all through for garbage again and again would stop every request for a tenth of a second.
import_module("portal.urls")
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 100)  # a page makes thousands of objects and no cycles to speak of: looking for them took a tenth of its time


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live.lifespan(receive, send)
    elif scope["type"] == "http" and (run_id := live.run_of(scope["path"])):
        await live.stream(run_id, scope, receive, send)
    else:
        await pages(scope, receive, send)
