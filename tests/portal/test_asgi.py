"""The web process as it is when it has started."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator

from portal import handler
from portal.accounts.models import ApiToken
from portal.handler import THREADS
from tests import factories
from tests.processes import ROOT, Broker, Portal, Web, wait_until

STARTED = "import gc, portal.asgi; before = gc.get_freeze_count(); gc.collect(); print(before, len(gc.get_objects()))"
LARGE = 2**20
ENDLESS = 2**38
"""Bytes of a file with a hole, which nobody reads to its end in the time that this test waits."""


def test_what_is_loaded_once_is_not_searched_for_garbage() -> None:
    told = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    frozen, searched = map(int, told.split())
    assert frozen > 100_000 > 20 * searched


def test_static_files_are_served_for_ever_under_the_names_with_their_digests(installation: Portal, tmp_path: Path) -> None:
    installation.environment["GANVAS_STATIC"] = str(tmp_path)
    subprocess.run([sys.executable, "scripts/prepare.py", "static"], cwd=ROOT, env=installation.variables(), check=True)
    name = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]["css/tokens.css"]
    web = installation.web()
    found = httpx.get(f"{web.url}/static/{name}")
    assert found.status_code == 200 and found.content == (tmp_path / name).read_bytes()
    assert "immutable" in found.headers["cache-control"] and found.headers["content-encoding"] in ("gzip", "br", "zstd")
    assert found.headers["content-type"].startswith("text/css") and found.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{web.url}/static/{name}", headers={"If-Modified-Since": found.headers["last-modified"]}).status_code == 304
    assert httpx.get(f"{web.url}/static/nothing.css").status_code == 404


@pytest.fixture
def web(installation: Portal, broker: Broker) -> Web:
    return installation.web()


def test_more_requests_than_threads_are_all_answered(web: Web) -> None:
    def ask(number: int) -> int:
        return httpx.get(f"{web.url}/health/", timeout=60).status_code

    with ThreadPoolExecutor(3 * THREADS) as people:
        assert [*people.map(ask, range(6 * THREADS))] == 6 * THREADS * [200]


@pytest.mark.django_db(transaction=True)
def test_who_waited_too_long_is_refused_and_health_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "PATIENCE", 0.05)
    pages, free = handler.Pages(), threading.Event()
    for _ in range(THREADS):
        pages.threads.submit(free.wait)

    async def ask() -> tuple[Any, Any]:
        waiting = ApplicationCommunicator(pages, scope("/help/"))
        await waiting.send_input({"type": "http.request"})
        healthy = ApplicationCommunicator(pages, scope("/health/"))
        await healthy.send_input({"type": "http.request"})
        first = await healthy.receive_output(30)
        await asyncio.sleep(0.1)  # past the patience
        free.set()
        return first, [await waiting.receive_output(30), await waiting.receive_output(30)]

    try:
        healthy, (refused, page) = asyncio.run(ask())
    finally:
        free.set()
    assert healthy["status"] == 200
    assert refused["status"] == 503 and (b"Retry-After", b"5") in refused["headers"]
    assert b"More is asked at the moment" in page["body"]


def scope(path: str) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"localhost")]}


def test_a_reader_who_leaves_lets_go_of_the_file(web: Web) -> None:
    owner = factories.make_user("olga")
    run = factories.make_run(owner, status="completed")
    artifact = factories.add_artifact(run, "weights", 1, bytes(LARGE))
    _, token = ApiToken.objects.create(user=owner)
    address = f"{web.url}/api/v1/runs/{run.pk}/artifacts/{artifact.pk}/"
    headers = {"Authorization": f"Token {token}"}
    path = artifact.file.path
    with httpx.stream("GET", address, headers=headers) as reading:
        assert sum(map(len, reading.iter_raw())) == LARGE
    wait_until(lambda: not opened(web.process.pid, path), "the file to be closed", 10)
    os.truncate(path, ENDLESS)
    try:
        with httpx.stream("GET", address, headers=headers) as reading:
            assert reading.status_code == 200
            parts = reading.iter_raw(1)  # kept: when it goes, the connection does
            next(parts)
            assert opened(web.process.pid, path)
        wait_until(lambda: not opened(web.process.pid, path), "the file to be closed", 10)
    finally:
        os.truncate(path, 0)  # the storage outlives the test, and a backup would copy the hole


def opened(pid: int, path: str) -> bool:
    found = Path(f"/proc/{pid}/fd")
    return any(os.path.realpath(link) == os.path.realpath(path) for link in found.iterdir())
