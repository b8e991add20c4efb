"""Decode on several cores where that pays, keeping the order.

Pillow lets go of the interpreter while it decodes and resizes: on large pictures threads are as good as processes
(1.9 times the speed on two cores), on small ones they cost more than they bring, so those are done in line.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

HEAVY = 50_000
"""Bytes of a file from which a thread pays."""
MOST = 4
"""Threads, and decoded pictures in memory; one may have a hundred million pixels."""


def in_order(work: Callable[[In], Out], items: Iterable[In], weight: Callable[[In], int]) -> Iterator[Out]:
    """`work(item)` for each item in order; heavy ones a few ahead on threads. Errors surface at their item's turn."""
    threads = min(MOST, os.cpu_count() or 1)
    ahead: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        for item in items:
            if threads > 1 and weight(item) >= HEAVY:
                ahead.append(pool.submit(work, item))
            else:
                yield from _drained(ahead, 0)
                yield work(item)
            yield from _drained(ahead, threads)
        yield from _drained(ahead, 0)


def _drained(ahead: deque[Future[Out]], leave: int) -> Iterator[Out]:
    while len(ahead) > leave:
        yield ahead.popleft().result()
