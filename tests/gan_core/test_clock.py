"""What is due by time: sheets are dense at first, then regular, and never most of the work."""

import pytest

from gan_core.clock import Clock


class Time:
    """A clock on the wall that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr("gan_core.clock.time.monotonic", time)
    return time


def sheets(clock: Clock, wall: Time, *, until: float, every: float, cost: float = 0.0) -> list[float]:
    """Seconds at which a sheet is due, looked at ten times a second."""
    clock.plan_sample(every, cost)
    due = []
    while clock.seconds < until:
        wall.now += 0.1
        if clock.sample_due:
            due.append(round(clock.seconds))
            clock.plan_sample(every, cost)
    return due


def test_sheets_come_after_1_2_4_8_seconds_and_then_regularly(wall: Time) -> None:
    assert sheets(Clock(), wall, until=100, every=20) == pytest.approx([1, 2, 4, 8, 17, 34, 54, 74, 94], abs=2)


def test_a_resumed_run_keeps_the_regular_pace(wall: Time) -> None:
    assert sheets(Clock(500), wall, until=570, every=20) == pytest.approx([520, 540, 560], abs=1)


def test_twenty_thousand_tiny_epochs_make_few_sheets(wall: Time) -> None:
    assert len(sheets(Clock(), wall, until=3600, every=20)) < 200


def test_costly_sheets_come_less_often(wall: Time) -> None:
    due = sheets(Clock(), wall, until=60, every=1, cost=3)
    assert len(due) == pytest.approx(60 / 12, abs=1)


def test_training_time_goes_on_where_it_stopped(wall: Time) -> None:
    clock = Clock(90)
    wall.now += 5
    assert clock.seconds == 95


def test_the_rate_is_that_of_the_last_seconds(wall: Time) -> None:
    clock = Clock()
    for rate in (100, 10):
        for _ in range(30):
            wall.now += 1
            clock.count(rate)
    assert clock.images_per_second == pytest.approx(10, abs=1)


def test_progress_is_due_about_twice_a_second(wall: Time) -> None:
    clock = Clock()
    clock.plan_progress()
    wall.now += 0.3
    assert not clock.progress_due
    wall.now += 0.2
    assert clock.progress_due
