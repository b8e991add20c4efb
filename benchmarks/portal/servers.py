"""The benchmark's own PostgreSQL, broker and web process. Knows nothing of Django."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks.portal import ROOT
from scripts.run import BOUND, valkey_server

PACKAGED = Path("/usr/lib/postgresql")
"""Where Debian puts its versions, none of them on the path."""
COMMON = {"listen_addresses": "''", "max_connections": "400", "shared_buffers": "1GB", "effective_cache_size": "8GB", "max_wal_size": "8GB"}
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "maintenance_work_mem": "1GB"}
"""While rows are made; what is measured is written durably."""


def programs() -> Path:
    """The directory of PostgreSQL's programs, of the newest version there is."""
    versions = sorted((path.parent for path in PACKAGED.glob("*/bin/initdb")), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    if versions or found:
        return versions[-1] if versions else Path(str(found)).resolve().parent
    raise SystemExit("There is no PostgreSQL server on this machine. Install one (on Debian the package postgresql), then start again.")


def wait_for(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{what} does not answer.")
        time.sleep(0.05)


class Cluster:
    """A PostgreSQL in a directory, on a socket. It refuses to be run by root, who therefore lends it another name."""

    settings = COMMON

    def __init__(self, directory: Path, sockets: Path) -> None:
        self.directory, self.sockets, self.data = directory, sockets, directory / "data"
        self.programs = programs()
        names = {entry.pw_name for entry in pwd.getpwall()}
        self.owner = ("postgres" if "postgres" in names else "nobody") if os.geteuid() == 0 else ""

    @property
    def url(self) -> str:
        return f"postgresql://ganvas@{str(self.sockets).replace('/', '%2F')}/ganvas"

    @property
    def is_made(self) -> bool:
        return (self.directory / "made").exists()

    def make(self) -> None:
        self.remove()
        self.directory.mkdir(parents=True)
        self._own(self.directory)
        self._run("initdb", "-D", str(self.data), "-U", "ganvas", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self, *, hasty: bool) -> None:
        self._own(self.sockets)
        settings = {**self.settings, "unix_socket_directories": str(self.sockets), **(HASTY if hasty else {})}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "120", "-l", str(self.directory / "log"), "-o", options, "start")

    def make_database(self) -> None:
        self._run("createdb", "-h", str(self.sockets), "-U", "ganvas", "ganvas")

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "120", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _own(self, directory: Path) -> None:
        if self.owner:
            shutil.chown(directory, self.owner)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*(["runuser", "-u", self.owner, "--"] if self.owner else []), str(self.programs / program), *arguments]
        done = subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"{program} failed: {done.stderr.strip()}")


class Broker:
    """A Valkey on a socket, as `make run` starts it."""

    def __init__(self, sockets: Path, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.socket = sockets / "valkey.sock"
        options = {"--port": "0", "--unixsocket": str(self.socket), "--dir": str(directory), "--appendonly": "yes", "--save": ""}
        command = [*BOUND, valkey_server(), *(word for pair in options.items() for word in pair)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self._answers, self.process, "Valkey")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket))
        except OSError:
            return False
        return True


class Web:
    """The web process as `make run` starts it, on one core."""

    def __init__(self, environment: dict[str, str], core: int, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--timeout-graceful-shutdown", "3"]
        command = [*BOUND, "taskset", "-c", str(core), sys.executable, "-m", "uvicorn", "portal.asgi:application", *options]
        with log.open("w") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        self.url = f"http://127.0.0.1:{self.port}"
        wait_for(self._answers, self.process, "The web process")

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/health/", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def end(*processes: "subprocess.Popen[bytes]") -> None:
    for process in processes:
        process.terminate()
        process.wait()
