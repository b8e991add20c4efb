"""Thinning of curves."""

from portal.runs.curves import Row, thinned


def rows(count: int) -> list[Row]:
    return [[step, step / 10, float(step % 7), float(-step)] for step in range(count)]


def test_short_curves_stay_whole() -> None:
    assert thinned(rows(20), 20) == rows(20)


def test_long_curves_keep_ends_order_and_extremes() -> None:
    all_rows = rows(5000)
    all_rows[1234][2] = 1e6
    all_rows[4321][3] = 1e6
    kept = thinned(all_rows, 100)
    steps = [row[0] for row in kept]
    assert len(kept) <= 100
    assert (steps[0], steps[-1]) == (0, 4999)
    assert steps == sorted(steps, key=lambda step: step or 0)
    assert {1234, 4321} <= set(steps)
    assert all(row in all_rows for row in kept)


def test_gaps_do_no_harm() -> None:
    blank: list[Row] = [[step, 0.0, None, None] for step in range(50)]
    assert thinned(blank, 10) == [blank[0], blank[-1]]
