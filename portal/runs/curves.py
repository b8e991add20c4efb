"""Loss curves thinned for drawing: no peak is lost."""

from collections.abc import Sequence

Row = list[float | None]


def thinned(rows: Sequence[Row], at_most: int, series: Sequence[int] = (2, 3)) -> list[Row]:
    """Real rows only: of each of equally many neighbours, those where a series is lowest and highest, besides the first and last row.

    Args:
        rows: (step, seconds, values...), in order of steps.
        at_most: how many rows to return at most; all are returned if they are no more.
        series: the columns whose peaks count.
    """
    if len(rows) <= at_most:
        return list(rows)
    buckets = max(1, (at_most - 2) // (2 * len(series)))
    kept = {0, len(rows) - 1}
    for bucket in range(buckets):
        span = range(bucket * len(rows) // buckets, (bucket + 1) * len(rows) // buckets)
        for column in series:
            finite = [(value, index) for index in span if (value := rows[index][column]) is not None]
            if finite:
                kept |= {min(finite)[1], max(finite)[1]}
    return [rows[index] for index in sorted(kept)]
