"""Django's pages under ASGI: each request is answered in one piece, by one of some threads that stay.

Django's own handler begins a thread for each request, and crosses from the event loop to it and back for signals, middleware, the view and the end.
At each crossing a busy process waits for other requests to let go of the interpreter, up to 5 ms a time. Bodies and files are read and sent by the
event loop here as there, and views stay what they are.
"""

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.urls import set_script_prefix

from portal import errors

THREADS = 64
"""Requests at a time; the others wait their turn. Many, because some only wait themselves: for a database that is away, for a storage that takes a
large archive."""
PATIENCE = 15.0
"""Seconds that a request waits for its turn, as long as for the database; then it is refused, for who asked has probably left."""
HEALTH = "/health/"
"""Asked by those who have to know at once, and so by a thread of its own."""


class Pages(ASGIHandler):
    """The ASGI application."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self.health = ThreadPoolExecutor(1, thread_name_prefix="health")

    def load_middleware(self, is_async: bool = False) -> None:
        """All of it in the thread."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            threads, patience = (self.health, math.inf) if scope["path"] == HEALTH else (self.threads, PATIENCE)
            response = await _in(threads, self._answer, scope, body, time.monotonic() + patience)
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    def _answer(self, scope: Any, body: Any, until: float) -> Any:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal
        if request is not None:
            response = self.get_response(request) if time.monotonic() < until else errors.busy(request)
        response._handler_class = self.__class__
        if response.streaming:
            close_old_connections()  # this thread's; what comes needs none, and another thread may close the response
        else:
            response.close()
        return response

    async def _stream(self, response: Any, receive: Any, send: Any) -> None:
        """Until it is sent, or its reader has gone."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await _in(self.threads, response.close)


async def _in(threads: ThreadPoolExecutor, do: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(threads, do, *arguments)


async def _left(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
