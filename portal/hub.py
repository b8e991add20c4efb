"""One subscription to the broker's live channels per process, shared by all its event streams."""

import asyncio
import contextlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from portal import broker

log = logging.getLogger(__name__)

Messages = asyncio.Queue[bytes | None]
QUEUE = 200
"""Messages that may wait for a slow reader, minutes of a run; one that falls behind further is let go."""


class Hub:
    """Hands each message to the queues of those who watch its run. Used from one event loop only.

    The connection is opened by the first watcher. When it is lost, every queue is closed with None: messages may have
    been missed, so readers shall come back and fetch; the first to return opens the next connection.
    """

    _hubs: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._watchers: defaultdict[str, set[Messages]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._closed = False

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Hub":
        return cls._hubs.setdefault(loop, cls())

    @contextlib.contextmanager
    def watch(self, run_id: str) -> Iterator[Messages]:
        """A queue of the run's messages as they go on the wire; None is its end. Await `subscribed` before relying on it."""
        messages: Messages = asyncio.Queue(QUEUE)
        self._watchers[run_id].add(messages)
        try:
            yield messages
        finally:
            self._forget(run_id, messages)

    async def subscribed(self) -> bool:
        """Wait until messages arrive here. False if the broker is out of reach or the server is closing."""
        if self._closed:
            return False
        if self._listener is None or self._listener.done():
            self._ready.clear()
            self._listener = asyncio.create_task(self._listen())
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._listener}, timeout=2 * broker.TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        return self._ready.is_set() and not self._listener.done()

    def close(self) -> None:
        """End all streams, for good."""
        self._closed = True
        if self._listener is not None:
            self._listener.cancel()
        self._end_all()

    async def _listen(self) -> None:
        # A quiet channel is nothing unusual: no read timeout. Keep-alive finds out about a broker that vanished.
        once = Retry(NoBackoff(), 0)
        connection = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=broker.TIMEOUT, socket_timeout=None, retry=once)
        try:
            async with connection, connection.pubsub() as subscription:
                await subscription.psubscribe(f"{broker.CHANNEL_PREFIX}*")
                async for message in subscription.listen():
                    if message["type"] == "psubscribe":
                        self._ready.set()
                    elif message["type"] == "pmessage":
                        self._deliver(message["channel"].decode().removeprefix(broker.CHANNEL_PREFIX), message["data"])
        except (redis.RedisError, OSError) as error:
            log.warning("The live channel is lost, open pages connect again: %s", error)
        finally:
            self._ready.clear()
            self._end_all()

    def _deliver(self, run_id: str, payload: bytes) -> None:
        watchers = self._watchers.get(run_id)
        if not watchers:
            return
        message = json.loads(payload)
        data = json.dumps(message["data"], separators=(",", ":"))
        line = f"event: {message['event']}\ndata: {data}\n\n".encode()
        for messages in tuple(watchers):
            try:
                messages.put_nowait(line)
            except asyncio.QueueFull:
                self._forget(run_id, messages)
                _end(messages)

    def _forget(self, run_id: str, messages: Messages) -> None:
        self._watchers[run_id].discard(messages)
        if not self._watchers[run_id]:
            del self._watchers[run_id]

    def _end_all(self) -> None:
        for watchers in self._watchers.values():
            for messages in watchers:
                _end(messages)


def _end(messages: Messages) -> None:
    """Close a queue: what still waits in it is dropped, its reader fetches it after coming back."""
    while not messages.empty():
        messages.get_nowait()
    messages.put_nowait(None)
