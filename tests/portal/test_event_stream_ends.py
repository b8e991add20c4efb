"""When a stream shows that it lives, and when it ends by itself; driven as an ASGI application."""

import asyncio

import pytest

from portal import broker as channel
from portal import hub, live
from portal.runs.models import Run
from tests.processes import Broker
from tests.training import launched, person, ready


@pytest.fixture
def run(broker: Broker) -> Run:
    owner = person()
    return launched(owner, ready(owner), steps=1)


class Page:
    """The other end of an ASGI connection."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, object]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, object]) -> None:
        self.sent.append(message.get("body", b""))

    def scope(self, run: Run) -> dict[str, object]:
        path = f"/api/v1/runs/{run.pk}/events/"
        return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"127.0.0.1")]}


def watch(run: Run, script: object) -> Page:
    """Run `script(page)` while the stream is open to a page; returns when the stream has ended."""
    Run.objects.filter(pk=run.pk).update(visibility="public")

    async def both() -> Page:
        page = Page()
        stream = asyncio.create_task(live.stream(run.pk, page.scope(run), page.receive, page.send))
        async with asyncio.timeout(20):
            while not any(b"listening" in body for body in page.sent):
                await asyncio.sleep(0.01)
            await script(page)
            await stream
        hub.Hub.of(asyncio.get_running_loop()).close()
        return page

    return asyncio.run(both())


def test_a_quiet_stream_gives_signs_of_life(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.02)

    async def script(page: Page) -> None:
        while page.sent.count(b": still here\n\n") < 3:
            await asyncio.sleep(0.01)
        page.left.set()

    watch(run, script)


def test_a_stream_ends_after_its_lifetime_so_that_rights_are_checked_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LIFETIME", 0.2)

    async def script(page: Page) -> None:
        assert not page.left.is_set()

    assert watch(run, script).sent[-1] == b""


def test_a_reader_that_falls_behind_is_let_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "QUEUE", 3)
    blocked = asyncio.Event()

    async def script(page: Page) -> None:
        send = page.send

        async def slow(message: dict[str, object]) -> None:
            await blocked.wait()
            await send(message)

        page.send = slow  # the stream holds the first one; the hub is what is tested
        loop = asyncio.get_running_loop()
        with hub.Hub.of(loop).watch(str(run.pk)) as messages:
            for number in range(5):
                await loop.run_in_executor(None, channel.publish, run.pk, "status", {"step": number})
            while messages.qsize() != 1:
                await asyncio.sleep(0.01)
            assert messages.get_nowait() is None
        page.left.set()

    watch(run, script)
