"""Real processes for tests: broker, workers, beat and web server, all on the test's own database, files and broker.

    def test_something(installation, broker):       # fixtures of tests/conftest.py
        installation.worker("train")
        web = installation.web()                     # web.url
        wait_until(lambda: ..., "the run to finish")

Whatever was started is ended by its process id when the test is over, in the reverse order.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import connection

import portal.broker
import portal.queue
from tests.started import ROOT, Broker, Process, wait_until

__all__ = ["ROOT", "Broker", "Portal", "Process", "Web", "database_url", "forget_clients", "wait_until"]


def database_url() -> str:
    """DATABASE_URL of the test database, for other processes."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = f"{quote(database['USER'], '')}:{quote(database['PASSWORD'], '')}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{login}@{quote(database['HOST'], '')}{port}/{quote(database['NAME'], '')}"


def forget_clients() -> None:
    portal.queue.client.cache_clear()
    portal.broker.client.cache_clear()
    portal.broker._muted_until = 0.0


class Portal:
    """The programs of an installation, started one by one."""

    def __init__(self) -> None:
        # A short path: those of sockets may have about a hundred characters.
        self.directory = Path(tempfile.mkdtemp(prefix="gnv-"))
        self.broker = Broker(self.directory)
        self.started: list[Process] = []
        self.environment: dict[str, str] = {"GANVAS_LEASE_SECONDS": "2"}
        """Further variables for what is started from now on."""

    def join(self, own: Any) -> None:
        """Let the test's process use the same broker; `own` is pytest-django's settings fixture."""
        own.REDIS_URL = self.broker.url
        own.CELERY_BROKER_URL = self.broker.url.replace("unix://", "redis+socket://", 1)
        forget_clients()

    def worker(self, queue: str = "train", name: str = "") -> Process:
        """A Celery worker, once it listens."""
        name = name or queue
        threads = 2 if queue == "ingest" else 1
        options = f"-Q {queue} -n {name}@test --without-mingle --without-gossip --pool=threads --concurrency={threads} --loglevel=INFO".split()
        process = self._start(f"worker-{name}", ["-m", "celery", "-A", "worker.app", "worker", *options])
        wait_until(lambda: process.says("ready."), f"worker {name} to be ready")
        return process

    def beat(self) -> Process:
        return self._start("beat", ["-m", "celery", "-A", "worker.app", "beat", "--schedule", str(self.directory / "beat"), "--pidfile="])

    def web(self) -> "Web":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--host", "127.0.0.1", "--port", str(port), "--timeout-graceful-shutdown", "3"]
        process = self._start("web", ["-m", "uvicorn", "portal.asgi:application", *options])
        web = Web(process, f"http://127.0.0.1:{port}")
        wait_until(web.answers, "the web server to answer")
        return web

    def log(self) -> str:
        return "\n".join(f"--- {process.name}\n{process.text[-3000:]}" for process in self.started)

    def close(self) -> None:
        for process in reversed(self.started):
            if process.popen.poll() is None:
                process.send(signal.SIGCONT)
                process.kill()
        self.broker.kill()
        forget_clients()
        shutil.rmtree(self.directory, ignore_errors=True)

    def variables(self) -> dict[str, str]:
        """The environment of a process that belongs to this installation."""
        own = {"DATABASE_URL": database_url(), "REDIS_URL": self.broker.url, "GANVAS_VAR": str(settings.VAR), "OMP_NUM_THREADS": "1"}
        return {**os.environ, **own, **self.environment}

    def _start(self, name: str, arguments: list[str]) -> Process:
        process = Process(name, [sys.executable, *arguments], self.directory, self.variables())
        self.started.append(process)
        return process


class Web:
    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url

    def answers(self) -> bool:
        assert self.process.popen.poll() is None, self.process.text
        try:
            return httpx.get(f"{self.url}/health/").status_code < 600
        except httpx.TransportError:
            return False
