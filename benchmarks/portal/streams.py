"""A thousand open pages on one web process: how long a sheet takes from the broker to each of them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.portal.servers import Web
from portal import broker
from portal.runs.models import Run, Status
from portal.runs.payloads import sample_payload

WATCHERS = 1000
SECONDS = 30.0
AT_ONCE = 50
"""Streams that are being opened at a time."""
CASES = {"on 10 runs": (10, 2.0), "on one run": (1, 2.0)}
"""Title -> how many runs they watch, and seconds between two sheets of each."""


def measure(web: Web, watchers: int = WATCHERS, seconds: float = SECONDS) -> dict[str, Any]:
    runs = list(Run.objects.filter(status=Status.RUNNING).order_by("-visibility", "-created")[:10])
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(visibility="public")
    sheets = {str(run.pk): sample_payload(run.samples.series().latest("step")) for run in runs}
    return {title: asyncio.run(_case(web, dict(list(sheets.items())[:count]), every, watchers, seconds)) for title, (count, every) in CASES.items()}


async def _case(web: Web, sheets: dict[str, dict[str, Any]], every: float, watchers: int, seconds: float) -> dict[str, Any]:
    sent: dict[int, float] = {}
    delays: list[float] = []
    watched = [list(sheets)[number % len(sheets)] for number in range(watchers)]
    gate, opened = asyncio.Semaphore(AT_ONCE), asyncio.Queue[None]()
    begun = time.perf_counter()
    tasks = [asyncio.create_task(_watch(web.port, run, gate, opened, sent, delays)) for run in watched]
    for _ in tasks:
        await asyncio.wait_for(opened.get(), 120)
    opening = time.perf_counter() - begun
    before, begun = web.processor_seconds(), time.perf_counter()
    expected = await _publish(sheets, watched, every, seconds, sent)
    deadline = time.perf_counter() + 10
    while len(delays) < expected and time.perf_counter() < deadline:
        await asyncio.sleep(0.1)
    spent = web.processor_seconds() - before
    memory = web.memory_bytes()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "watchers": watchers,
        "opening": opening,
        "delays": sorted(1000 * delay for delay in delays),
        "lost": expected - len(delays),
        "core": spent / (time.perf_counter() - begun),
        "memory_bytes": memory,
    }


async def _publish(sheets: dict[str, dict[str, Any]], watched: Sequence[str], every: float, seconds: float, sent: dict[int, float]) -> int:
    """Sheets of all runs, spread evenly; how many arrivals that makes."""
    expected, number, begun = 0, 0, time.perf_counter()
    pause = every / len(sheets)
    while number * pause < seconds:
        await asyncio.sleep(max(0.0, begun + number * pause - time.perf_counter()))
        run = list(sheets)[number % len(sheets)]
        number += 1
        sent[number] = time.perf_counter()
        if not await asyncio.to_thread(broker.publish, run, "sample", {**sheets[run], "id": number}):
            raise SystemExit("The broker did not take a message.")
        expected += watched.count(run)
    return expected


async def _watch(port: int, run: str, gate: asyncio.Semaphore, opened: "asyncio.Queue[None]", sent: dict[int, float], delays: list[float]) -> None:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /api/v1/runs/{run}/events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
        while b"listening" not in (line := await reader.readline()):
            if not line:
                raise SystemExit("A stream was refused.")
    opened.put_nowait(None)
    try:
        while line := await reader.readline():
            if line.startswith(b'data: {"id":'):
                delays.append(time.perf_counter() - sent[int(line[12 : line.index(b",")])])
    finally:
        writer.close()
