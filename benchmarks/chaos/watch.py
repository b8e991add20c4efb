"""Who trains what: every process of a run, looked up in /proc again and again."""

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

EVERY = 0.2
"""Seconds between two looks."""


class Trainer(NamedTuple):
    """The process of one attempt of a run."""

    run: str
    attempt: int
    pid: int
    parent: int
    stopped: bool


def trainers(installation: str) -> list[Trainer]:
    """All that live and belong to the installation with this broker address, which is in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            if b"worker.train_run" not in words or installation.encode() not in Path(f"/proc/{name}/environ").read_bytes():
                continue
            state, parent, *_ = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except (OSError, ValueError):  # it has ended
            continue
        place = words.index(b"worker.train_run")
        if state != "Z":
            found.append(Trainer(words[place + 1].decode(), int(words[place + 2]), int(name), int(parent), state == "T"))
    # A program that a trainer starts has its trainer's name until it is loaded.
    return [one for one in found if one.parent not in {other.pid for other in found}]


class Watch(threading.Thread):
    """Looks while the campaign lasts. A process of an attempt that was overtaken may live on until its supervisor or the fence finds out;
    `longest` is for how many seconds one did, not counting those in which it was frozen. Two processes of one attempt are never right.
    """

    def __init__(self, installation: str) -> None:
        super().__init__(name="watch", daemon=True)
        self.installation = installation
        self.looks = 0
        self.overlaps = 0
        self.longest = 0.0
        self.doubled: list[str] = []
        self._awake: dict[int, float] = {}
        self._seen = time.monotonic()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(EVERY):
            self._look()

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _look(self) -> None:
        now = time.monotonic()
        passed, self._seen = now - self._seen, now
        self.looks += 1
        everybody = trainers(self.installation)
        newest: dict[str, int] = {}
        for one in everybody:
            newest[one.run] = max(newest.get(one.run, 0), one.attempt)
        current = [(one.run, one.attempt) for one in everybody]
        self.doubled += [f"{one}" for one in everybody if current.count((one.run, one.attempt)) > 1]
        for one in everybody:
            if one.attempt < newest[one.run] and not one.stopped:
                self.overlaps += one.pid not in self._awake
                self._awake[one.pid] = self._awake.get(one.pid, 0.0) + passed
                self.longest = max(self.longest, self._awake[one.pid])
