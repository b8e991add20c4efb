"""The other processes of a run that several train together, started by its first one. See `gan_core.parallel`."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]  # documented, and not in its list

from gan_core import parallel
from worker.process import ROOT

ADDRESS = "127.0.0.1"
MOMENT = 1.0
"""Seconds in which the end of another process is noticed."""


@contextmanager
def together(processes: int) -> Iterator[None]:
    """While this lasts, be the first of so many processes of this run. The end of any other one ends this process, too: its run is taken up again."""
    if processes == 1:
        yield
        return
    store = TCPStore(ADDRESS, 0, processes, is_master=True, wait_for_workers=False)
    threads = max(1, torch.get_num_threads() // processes)
    torch.set_num_threads(threads)
    shared = {"WORLD_SIZE": str(processes), "OMP_NUM_THREADS": str(threads), "GLOO_SOCKET_IFNAME": "lo"}
    os.environ.update(shared, RANK="0", LOCAL_RANK="0")
    others = [_start(rank, store.port) for rank in range(1, processes)]
    finished = threading.Event()
    for other in others:
        threading.Thread(target=_watch, args=(other, finished), daemon=True).start()
    try:
        with parallel.together(store):
            try:
                yield
            except BaseException as error:  # of which they know nothing, and wait for us
                if isinstance(error, RuntimeError):
                    finished.wait(MOMENT)  # an exchange fails as soon as another has died: whoever watches it ends us with the reason
                finished.set()
                for other in others:
                    other.kill()
                raise
            finished.set()
    finally:
        for other in others:
            other.wait()


def _start(rank: int, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-u", "-m", "worker.follow_run", str(os.getpid()), str(port)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank)})


def _watch(other: subprocess.Popen[bytes], finished: threading.Event) -> None:
    code = other.wait()
    if not finished.is_set():
        print(f"One of the processes of this run has ended with code {code}.", flush=True)
        os._exit(1)
