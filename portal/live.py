"""The event stream of a run, `GET /api/v1/runs/<id>/events/`: a raw ASGI application for thousands of open pages.

A watcher costs a coroutine and a short queue: neither a thread nor a database connection, and all watchers of a
process share one subscription (`Hub`). The stream replays nothing: whoever connects then fetches what came before.
A stream therefore ends as soon as messages may have been missed (broker lost, reader too slow), and from time to time
so that rights are checked anew; EventSource connects again by itself, and fetches again.
"""

import asyncio
import json
import random
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from io import BytesIO
from types import FrameType
from typing import Any, cast
from uuid import UUID

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from portal.hub import Hub
from portal.runs.models import Run

HEARTBEAT = 15.0
"""Seconds between two signs of life on a quiet stream; proxies cut silent connections."""
LIFETIME = 900.0
"""Seconds until a stream ends and its reader has to show again that it may read."""
PATH = re.compile(r"/api/v1/runs/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/events/")
REFUSALS = {
    400: ("bad_request", "This host name is not served here."),
    401: ("authentication_failed", "Invalid token."),
    404: ("not_found", "Not found."),
    405: ("method_not_allowed", "Only GET is allowed."),
}

doormen = ThreadPoolExecutor(4, thread_name_prefix="live-authorise")
"""All that ever touches the database here, however many watchers arrive at once."""


def run_of(path: str) -> UUID | None:
    """The run whose events are asked for; None if the path is not an event stream's."""
    match = PATH.fullmatch(path)
    return UUID(match[1]) if match else None


async def stream(run_id: UUID, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    loop = asyncio.get_running_loop()
    status = 405 if scope["method"] != "GET" else await loop.run_in_executor(doormen, authorise, scope, run_id)
    if status != 200:
        await _refuse(send, status)
        return
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    with Hub.of(loop).watch(str(run_id)) as messages:
        subscribed = await Hub.of(loop).subscribed()
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
        # Spread over two seconds, so that a thousand pages do not return in the same instant.
        await _body(send, f"retry: {random.randint(1000, 3000)}\n: {'listening' if subscribed else 'no live channel at the moment'}\n\n".encode())
        if subscribed:
            await _forward(messages, receive, send)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def authorise(scope: HTTPScope, run_id: UUID) -> int:
    """200, or the status to refuse with. Session cookie or token, exactly as the REST API takes them."""
    try:
        request = ASGIRequest(cast(Any, scope), BytesIO())
        request.get_host()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.user = cast(Any, auth.get_user(request))
        user = Request(request, authenticators=[method() for method in APIView.authentication_classes]).user
        return 200 if Run.objects.visible_to(user).filter(pk=run_id).exists() else 404
    except DisallowedHost:
        return 400
    except AuthenticationFailed:
        return 401
    finally:
        connections.close_all()


async def _forward(messages: asyncio.Queue[bytes | None], receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Pass on messages until the reader leaves, the hub closes the queue with None, or the stream is old enough."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFETIME * random.uniform(0.9, 1.1)
    reader = loop.create_task(_gone(receive))
    try:
        while not reader.done() and loop.time() < end:
            waiting = loop.create_task(messages.get())
            await asyncio.wait({reader, waiting}, timeout=min(HEARTBEAT, end - loop.time()), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await _body(send, b": still here\n\n")
            elif (message := waiting.result()) is None:
                return
            else:
                await _body(send, message)
    finally:
        reader.cancel()


async def _gone(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: ASGISendCallable, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _refuse(send: ASGISendCallable, status: int) -> None:
    code, detail = REFUSALS[status]
    body = json.dumps({"type": "client_error", "errors": [{"code": code, "detail": detail, "attr": None}]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Token"))
    if status == 405:
        headers.append((b"allow", b"GET"))
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def lifespan(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Start and end of the server. Streams end with the first signal: the server waits for them before it says shutdown."""
    hub = Hub.of(asyncio.get_running_loop())
    while True:
        if (await receive())["type"] == "lifespan.startup":
            _close_on_signals(hub)
            await send({"type": "lifespan.startup.complete"})
        else:
            hub.close()
            await send({"type": "lifespan.shutdown.complete"})
            return


def _close_on_signals(hub: Hub) -> None:
    loop = asyncio.get_running_loop()

    def chain(number: int) -> None:
        before = signal.getsignal(number)

        def handler(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(hub.close)
            if callable(before):
                before(number, frame)

        if callable(before):  # without the server's own handler there is nothing to add to
            signal.signal(number, handler)

    for number in (signal.SIGTERM, signal.SIGINT):
        chain(number)
