"""The process of a run, seen from its supervisor: start it, signal it, read its log. Knows neither Django nor torch.

A process of its own frees the device for certain when it ends, and a crash or the kernel's memory killer takes one run only.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

LINES = 1000
"""Lines kept between two looks at the log; of a flood the newest."""
LINE = 2000
"""Characters of a line that are kept."""
ROOT = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class RunProcess:
    """`python -m worker.train_run <run> <attempt>` in a session of its own, so that Ctrl-C in a terminal reaches only us."""

    def __init__(self, run_id: str, attempt: int, processors: set[int] | None = None, threads: int | None = None) -> None:
        """
        Args:
            processors: the logical processors that it is to keep to.
            threads: that compute at the same time, unless OMP_NUM_THREADS is set.
        """
        self._lines: deque[str] = deque(maxlen=LINES)
        self._popen = subprocess.Popen(
            [sys.executable, "-u", "-m", "worker.train_run", run_id, str(attempt), str(os.getpid())],
            cwd=ROOT,
            env={**({"OMP_NUM_THREADS": str(threads)} if threads else {}), **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if processors and sys.platform == "linux":
            with suppress(OSError):  # these processors are no longer ours, or it has ended already
                os.sched_setaffinity(self._popen.pid, processors)  # before it has threads, which then keep to it too
        assert self._popen.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._popen.stdout,), daemon=True, name=f"log-{run_id}")
        self._reader.start()

    def wait(self, seconds: float) -> int | None:
        """The exit code (negative: the signal that killed it), or None if it still runs after that time."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(1)  # not for ever: a grandchild may hold the other end of the pipe
        return code

    def ask_to_leave(self) -> None:
        """Write a checkpoint and go."""
        self._popen.send_signal(signal.SIGTERM)

    def ask_for_sheet(self) -> None:
        self._popen.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        self._popen.kill()

    def take_lines(self) -> list[str]:
        """Lines of its log since the last call."""
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                # Progress bars return to the start of their line: only what stood there last is of interest.
                text = line.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2]
                self._lines.append(_CONTROLS.sub("", text)[:LINE])


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however that happens. To be called first thing.

    Linux only; elsewhere an orphan ends at its next write, when the fence refuses it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew
        os.kill(os.getpid(), signal.SIGKILL)
