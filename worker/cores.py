"""The processor cores of a run's process: all that this machine has for training, shared out among the workers that run on it.

Each worker holds a locked file for as long as it lives; as many as are locked when a run starts share the cores evenly. What else limits a
worker (a control group's set, `taskset`) is kept to.
"""

import fcntl
import os
import sys
import threading
import uuid
from pathlib import Path
from typing import IO

from django.conf import settings

_own: dict[Path, tuple[str, IO[str]]] = {}
"""Name and lock of this worker's file, by the directory that it lies in."""
_entering = threading.Lock()


def mine() -> set[int]:
    """The logical processors that a run of this worker is to use now."""
    allowed = os.sched_getaffinity(0) if sys.platform == "linux" else set(range(os.cpu_count() or 1))
    return share(allowed, *place(settings.GANVAS_CACHE / "workers"))


def share(processors: set[int], place: int, workers: int) -> set[int]:
    """The part of worker number `place` (from 0) of so many: whole neighbouring cores. Where workers outnumber cores, some have the same one."""
    cores = cores_of(processors)
    first, end = place * len(cores) // workers, (place + 1) * len(cores) // workers
    return set().union(*cores[first : max(end, first + 1)])


def cores_of(processors: set[int]) -> list[set[int]]:
    """The logical processors by the core that they are part of, in order. Two threads that compute on one core wait for each other."""
    return sorted((set(core) for core in {frozenset(_siblings(one) & processors) for one in processors}), key=min)


def _siblings(processor: int) -> set[int]:
    try:
        told = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list").read_text()
    except OSError:
        return {processor}
    parts = (part.partition("-") for part in told.strip().split(","))
    return {one for first, _, last in parts for one in range(int(first), int(last or first) + 1)}


def place(directory: Path) -> tuple[int, int]:
    """(number of this worker from 0, number of workers) of those that live and have their file in that directory."""
    with _entering:
        own, _ = _own.get(directory) or _enter(directory)
        if not (directory / own).exists():  # somebody has emptied the cache
            own, _ = _enter(directory)
    alive = sorted(path.name for path in directory.glob("*.worker") if path.name == own or _lives(path))
    return alive.index(own), len(alive)


def _enter(directory: Path) -> tuple[str, IO[str]]:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / uuid.uuid4().hex
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    _own[directory] = path.rename(path.with_suffix(".worker")).name, file  # locked before anybody sees it
    return _own[directory]


def _lives(path: Path) -> bool:
    """Whether a worker holds the file; one that nobody holds is taken away."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
