"""The scheduler goes on whatever its clock does, and its messages are of use however late they come."""

from datetime import timedelta
from typing import Any

import pytest

from worker import tasks
from worker.app import REAP_SECONDS, Every, app


@pytest.mark.parametrize(("ago", "due"), [(0.0, False), (REAP_SECONDS * 1.1, True), (3600.0, True), (-3600.0, True)])
def test_the_reaper_is_sent_for_again_in_time_even_if_the_clock_was_set_back(ago: float, due: bool) -> None:
    every = app.conf.beat_schedule["reap"]["schedule"]
    assert isinstance(every, Every)
    told = every.is_due(every.now() - timedelta(seconds=ago))
    assert told.is_due == due
    assert 0 < told.next <= REAP_SECONDS


def test_what_piled_up_is_one_look(monkeypatch: Any) -> None:
    looks: list[None] = []
    monkeypatch.setattr(tasks, "find_and_wake", lambda: looks.append(None))
    monkeypatch.setattr(tasks, "_reaped", tasks._reaped)
    monkeypatch.setattr(tasks.time, "monotonic", lambda: now)
    for now in (1e6, 1e6 + 0.01, 1e6 + 0.02, 1e6 + REAP_SECONDS):  # noqa: B007  # read by the clock above
        tasks.reap()
    assert len(looks) == 2
