"""A reader of event streams, as a page is one: in a thread, without reconnecting."""

import json
import threading
import time
from typing import Any, NamedTuple

import httpx

from tests.processes import wait_until


class Message(NamedTuple):
    event: str
    data: Any
    received: float
    """time.time()"""


class Watcher:
    def __init__(self, address: str, headers: dict[str, str] | None = None) -> None:
        self.messages: list[Message] = []
        self.comments: list[str] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(address, headers or {}), daemon=True)
        self._thread.start()
        wait_until(lambda: self.comments, "the stream to open", 20)

    def of(self, event: str) -> list[Message]:
        return [message for message in self.messages if message.event == event]

    def _read(self, address: str, headers: dict[str, str]) -> None:
        try:
            with httpx.stream("GET", address, headers=headers, timeout=httpx.Timeout(10, read=120)) as response:
                event = ""
                for line in response.iter_lines():
                    if line.startswith(":"):
                        self.comments.append(line)
                    elif line.startswith("event: "):
                        event = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        self.messages.append(Message(event, json.loads(line.removeprefix("data: ")), time.time()))
        except httpx.TransportError:
            pass
        finally:
            self.ended.set()
