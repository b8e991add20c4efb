"""How long a run still trains, by what is known of it."""

TELLING = 50
"""Steps after which a run's own rate says more than the estimate."""


def seconds_left(step: int, total_steps: int, seconds: float, expected: float | None) -> float | None:
    """At its rate so far, else as `expected` at launch; None while nothing is known."""
    return seconds / step * (total_steps - step) if step >= TELLING and seconds else expected
