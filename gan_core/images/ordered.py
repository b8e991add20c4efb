"""Work on many pictures on several cores where that pays, keeping their order. Results are the same in any case.

Pillow lets go of the interpreter while it decodes and resizes: on large pictures threads are as good as processes, and
nothing needs to be sent. On small ones the interpreter is what is busy, so they go to helping processes, in parcels; few
of them are done in line, for a helper takes a fifth of a second to start.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from gan_core.images.helpers import UNDONE, Answer, Helpers

In = TypeVar("In")
Out = TypeVar("Out")

HEAVY = 50_000
"""Weight from which a thread pays."""
IN_LINE_SECONDS = 0.5
"""Work on small pictures that is done before helpers are started."""
PARCEL_ITEMS, PARCEL_WEIGHT = 64, 2**19
MOST = 4
"""Threads, each with a helper or a decoded picture of its own, which may have a hundred million pixels."""
Batch = tuple[list[In], Future[list[Answer]]]


def in_order(work: Callable[[In], Out], items: Iterable[In], weight: Callable[[In], int]) -> Iterator[tuple[In, Out]]:
    """(item, `work(item)`) for each item in order, worked on a few ahead. Errors surface at their item's turn.

    Args:
        work: a function of a module that helpers can import quickly, or a `functools.partial` of one.
        weight: bytes that an item or its result takes, whichever are more. Results that weigh less than `HEAVY` can be pickled.
    """
    count = min(MOST, cores())
    ahead: deque[Batch[In]] = deque()
    parcel: list[In] = []
    load, spent = 0, 0.0
    with Helpers(count) as helpers:
        for item in items:
            size = weight(item)
            heavy = count > 1 and size >= HEAVY
            if parcel and (heavy or len(parcel) == PARCEL_ITEMS or load + size > PARCEL_WEIGHT):
                ahead.append((parcel, helpers.submit(work, parcel)))
                parcel, load = [], 0
            if heavy:
                ahead.append(([item], helpers.submit_here(work, item)))
            elif count > 1 and spent >= IN_LINE_SECONDS:
                parcel.append(item)
                load += size
            else:
                yield from _drained(ahead, 0, work)
                began = time.monotonic()
                result = work(item)
                spent += time.monotonic() - began
                yield item, result
            yield from _drained(ahead, count, work)
        if parcel:
            ahead.append((parcel, helpers.submit(work, parcel)))
        yield from _drained(ahead, 0, work)


def _drained(ahead: deque[Batch[In]], leave: int, work: Callable[[In], Out]) -> Iterator[tuple[In, Out]]:
    while len(ahead) > leave:
        items, answers = ahead.popleft()
        for item, answer in zip(items, answers.result(), strict=True):
            yield item, _opened(answer, work, item)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _opened(answer: tuple[bool, object], work: Callable[[In], Out], item: In) -> Out:
    """What a helper made of an item; what it left undone is done here."""
    fine, result = answer
    if result is UNDONE:
        return work(item)
    if not fine:
        assert isinstance(result, Exception)
        raise result
    return result  # type: ignore[return-value]
