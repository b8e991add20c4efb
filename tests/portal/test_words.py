"""Numbers and times in words."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal import words


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (14200, "14\u202f200"), (1234567, "1\u202f234\u202f567"), (0.5, "0.5"), (2.0, "2")]
)
def test_numbers_have_thin_spaces(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (999, "999"), (1500, "1.5k"), (4000, "4k"), (14200, "14k")])
def test_axes_are_short(value: int, text: str) -> None:
    assert words.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12, "12 bytes"), (1000, "1 kB"), (18_400_000, "18.4 MB"), (20 * 10**9, "20 GB"), (3 * 10**12, "3.0 TB")]
)
def test_sizes_are_decimal(value: int, text: str) -> None:
    assert words.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "10 s"), (44, "40 s"), (58, "1 min"), (140, "2 min"), (5000, "1 h 25 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_durations_are_rounded(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, "Estimating"), (20, "Less than a minute left"), (660, "About 11 min left")])
def test_time_left_is_a_sentence(seconds: float | None, text: str) -> None:
    assert words.time_left(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(1, "just now"), (30, "30 s ago"), (1700, "28 min ago"), (7300, "2 h ago"), (90_000, "1 day ago")])
def test_the_past(seconds: float, text: str) -> None:
    assert words.ago(timezone.now() - timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("days", "text"), [(-1, "expired"), (9.5, "in 9 days"), (90.5, "in 3 months"), (365.5, "in 1 year"), (3650.5, "in 10 years")]
)
def test_the_future(days: float, text: str) -> None:
    assert words.until(timezone.now() + timedelta(days=days)) == text


@pytest.mark.parametrize(("place", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")])
def test_places(place: int, text: str) -> None:
    assert words.ordinal(place) == text


@pytest.mark.parametrize(("count", "text"), [(0, "no pictures"), (1, "1 picture"), (1911, "1\u202f911 pictures")])
def test_counts(count: int, text: str) -> None:
    assert words.counted(count, "picture") == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (1234.5, "1\u202f234"),
        (412.4, "412"),
        (41.23, "41.2"),
        (4.126, "4.13"),
        (0.5, "0.500"),
        (0.01234, "0.0123"),
        (-0.00031, "-0.00031"),
        (0.0, "0.000"),
    ],
)
def test_scores_have_three_figures(value: float | None, said: str) -> None:
    assert words.score(value) == said


def test_an_error_has_no_more_decimals_than_its_value() -> None:
    assert words.give_or_take(0.0123, 0.00234) == "0.0123 ± 0.0023"
    assert words.give_or_take(41.2, 0.0) == "41.2 ± 0.0"


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (None, ""),
        ({"cpu_percent": 187.0, "memory_bytes": 1_240_000_000, "gpu_percent": None, "gpu_memory_total": None}, "1.9 cores, 1.2 GB"),
        ({"cpu_percent": 99.6, "memory_bytes": 80_000_000}, "1 core, 80 MB"),
        (
            {"cpu_percent": 3.0, "memory_bytes": 10**9, "gpu_percent": 88.4, "gpu_memory_bytes": 9 * 10**9, "gpu_memory_total": 24 * 10**9},
            "0 cores, 1 GB, GPU 88 %, 9 GB of 24 GB",
        ),
        ({"gpu_memory_bytes": 9 * 10**9, "gpu_memory_total": 24 * 10**9}, "9 GB of 24 GB GPU memory"),
    ],
)
def test_what_a_run_uses(reading: Any, told: str) -> None:
    assert words.load(reading) == told


def test_when_a_run_starts() -> None:
    now = timezone.now()
    assert words.turn(2, now + timedelta(minutes=11, seconds=5)) == "2nd, starts in 11 min"
    assert words.turn(1, now) == "1st, starts soon"
    assert (words.turn(3, None), words.turn(None, None)) == ("3rd", "held back")
