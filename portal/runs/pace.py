"""How long a run still trains, by what is known of it: for runs, and for the few columns of them that the queue reads."""

from typing import Protocol


class Paced(Protocol):
    @property
    def step(self) -> int: ...
    @property
    def total_steps(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def expected_seconds(self) -> float | None: ...


def rest(run: Paced) -> float | None:
    """Seconds that are left at its rate so far, else as expected at launch; None while nothing is known."""
    if run.step >= 50 and run.seconds:
        return run.seconds / run.step * (run.total_steps - run.step)
    return run.expected_seconds
