"""The clock of a run: training time over all attempts, what is due by time, and the present rate."""

import time
from collections import deque

PROGRESS_SECONDS = 0.4
RATE_SECONDS = 10.0
"""Images per second are counted over this long."""
FIRST_SAMPLE_SECONDS = 1.0
SAMPLE_SHARE = 0.2
"""Drawing sheets may take at most about this share of the time."""


class Clock:
    """Starts when made, `before` seconds into the run."""

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._started = time.monotonic()
        self._progress_at = self._sample_at = self._checkpoint_at = 0.0
        self._counts: deque[tuple[float, int]] = deque([(self.seconds, 0)])  # (seconds, images so far)
        self._images = 0

    @property
    def seconds(self) -> float:
        """Training time so far."""
        return self._before + time.monotonic() - self._started

    @property
    def progress_due(self) -> bool:
        return self.seconds >= self._progress_at

    @property
    def sample_due(self) -> bool:
        return self.seconds >= self._sample_at

    @property
    def checkpoint_due(self) -> bool:
        return self.seconds >= self._checkpoint_at

    def plan_progress(self) -> None:
        self._progress_at = self.seconds + PROGRESS_SECONDS

    def plan_sample(self, every: float, cost: float) -> None:
        """The next sheet: dense at first (after 1, 2, 4, 8 ... seconds of training), then `every` seconds. `cost`: seconds that one takes."""
        now = self.seconds
        gap = min(every, max(FIRST_SAMPLE_SECONDS, now))
        self._sample_at = now + max(gap, cost * (1 / SAMPLE_SHARE - 1))

    def plan_checkpoint(self, every: float) -> None:
        self._checkpoint_at = self.seconds + every

    def count(self, images: int) -> None:
        """Some more real images have been seen."""
        self._images += images
        now = self.seconds
        self._counts.append((now, self._images))
        while len(self._counts) > 2 and self._counts[1][0] < now - RATE_SECONDS:
            self._counts.popleft()

    @property
    def images_per_second(self) -> float:
        """Over the last seconds; 0 before the first step."""
        (start, first), (end, last) = self._counts[0], self._counts[-1]
        return (last - first) / (end - start) if end > start else 0.0
