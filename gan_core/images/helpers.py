"""Processes that work on pictures for this one: `python -m gan_core.images.helper`.

Started by name rather than by `multiprocessing`, which would import this program's main module once more in each of them.
They end when their pipe closes, so none outlives this process, however that ends.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
UNDONE = object()
"""In place of a result: this is not for a helper, or it died over it."""
Answer = tuple[bool, object]
"""(True, result) or (False, error)."""


class Helpers:
    """At most `count` of them, started when there is work, each with a thread that waits for it."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="helper")
        self._idle: SimpleQueue[_Helper] = SimpleQueue()
        self._all = [_Helper() for _ in range(count)]
        for helper in self._all:
            self._idle.put(helper)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for helper in self._all:
            helper.end()
        self._threads.shutdown()

    def submit(self, work: Callable[..., object], items: Sequence[object]) -> Future[list[Answer]]:
        """Have a helper do it; as many answers as items."""
        return self._threads.submit(self._done, work, items)

    def submit_here(self, work: Callable[..., object], item: object) -> Future[list[Answer]]:
        """The same for one item, on a thread of this process."""
        return self._threads.submit(lambda: [(True, work(item))])

    def _done(self, work: Callable[..., object], items: Sequence[object]) -> list[Answer]:
        helper = self._idle.get()
        try:
            return helper.ask(work, items)
        finally:
            self._idle.put(helper)


class _Helper:
    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._gone = False

    def ask(self, work: Callable[..., object], items: Sequence[object]) -> list[Answer]:
        """One that has died, or cannot be started for want of memory, does nothing any more."""
        question = pickle.dumps((work, items), pickle.HIGHEST_PROTOCOL)
        if not self._gone:
            try:
                process = self._process = self._process or _started()
                assert process.stdin is not None and process.stdout is not None
                if self._gone:
                    process.kill()  # ended while it was being started
                process.stdin.write(question)
                process.stdin.flush()
                answers: list[Answer] = pickle.load(process.stdout)
                return [(fine, UNDONE if result is None and not fine else result) for fine, result in answers]
            except (OSError, EOFError, pickle.UnpicklingError):
                self.end()
        return [(False, UNDONE)] * len(items)

    def end(self) -> None:
        self._gone = True
        if process := self._process:
            process.kill()
            process.wait()


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gan_core.images.helper"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # a session of its own, so that Ctrl-C in a terminal reaches only us, who end it
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
