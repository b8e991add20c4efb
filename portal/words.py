"""Numbers and times in words, one way everywhere: thin spaces, units, "3 min ago", "About 11 min left"."""

from collections.abc import Mapping
from datetime import datetime
from math import floor, log10
from typing import Any

from django.utils import timezone

THIN = "\u202f"


def number(value: float) -> str:
    """14200 -> "14 200" with a thin space; at most two decimals."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return text.replace(",", THIN)


def short(value: int) -> str:
    """14200 -> "14k", for axes."""
    if value < 1000:
        return str(value)
    return f"{value / 1000:.1f}".rstrip("0").rstrip(".") + "k" if value < 10_000 else f"{value // 1000}k"


def size(count: int) -> str:
    """Bytes in decimal units: 18400000 -> "18.4 MB"."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}".replace(".0 ", " ")
        amount /= 1000
    return f"{amount:.1f} TB"


def score(value: float | str | None) -> str:
    """Three figures, at most five decimals: 1234.5 -> "1 234", 41.23 -> "41.2", 0.01234 -> "0.0123"; a dash for what templates make of none."""
    if value is None or isinstance(value, str):
        return "–"
    return number(round(value)) if abs(value) >= 1000 else f"{value:.{_decimals(value)}f}"


def give_or_take(value: float, error: float) -> str:
    """0.0123, 0.00234 -> "0.0123 ± 0.0023": no more decimals of the error than of the value."""
    return f"{score(value)} ± {error:.{_decimals(value)}f}"


def _decimals(value: float) -> int:
    if not value or abs(value) >= 1000:
        return 0 if value else 3
    return min(5, max(0, 2 - floor(log10(abs(value)))))


def share(value: float) -> str:
    """0.344 -> "34 %"."""
    return f"{round(100 * value)} %"


def duration(seconds: float) -> str:
    """140 -> "2 min"; 5000 -> "1 h 25 min": whole minutes, five of them above one hour."""
    if seconds < 60:
        return f"{max(10, round(seconds / 10) * 10)} s" if seconds < 55 else "1 min"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    minutes = round(minutes / 5) * 5
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{round(hours / 24)} days"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(seconds: float | None) -> str:
    if seconds is None:
        return "Estimating"
    return "Less than a minute left" if seconds < 60 else f"About {duration(seconds)} left"


def ago(moment: datetime) -> str:
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 10:
        return "just now"
    if seconds < 60:
        return f"{int(seconds)} s ago"
    if seconds < 3600:
        return f"{int(seconds / 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds / 3600)} h ago"
    days = int(seconds / 86400)
    if days < 60:
        return f"{days} day{'s' if days > 1 else ''} ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"


def until(moment: datetime) -> str:
    days = (moment - timezone.now()).days
    if days < 0:
        return "expired"
    if days < 1:
        return "today"
    if days < 60:
        return f"in {days} day{'s' if days > 1 else ''}"
    return f"in {round(days / 30)} months" if days < 345 else f"in {max(1, round(days / 365))} year{'s' if days > 540 else ''}"


def ordinal(place: int) -> str:
    suffix = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{suffix}"


def turn(position: int | None, start: datetime | None) -> str:
    """Of a run that waits: "2nd, starts in 11 min"; "held back" without a place."""
    if position is None:
        return "held back"
    return f"{ordinal(position)}, {starts(start)}" if start else ordinal(position)


def starts(start: datetime) -> str:
    """ "starts in 11 min", "starts soon"."""
    seconds = (start - timezone.now()).total_seconds()
    return "starts soon" if seconds < 60 else f"starts in {duration(seconds)}"


def load(reading: Mapping[str, Any] | None) -> str:
    """What a run uses, as `worker.telemetry` has read it: "1.9 cores, 1.2 GB", and of a GPU "GPU 88 %, 9.1 GB of 24 GB"."""
    if not reading:
        return ""
    cpu, gpu, whole = (reading.get(name) for name in ("cpu_percent", "gpu_percent", "gpu_memory_total"))
    parts = []
    if cpu is not None:
        cores = f"{cpu / 100:.1f}".removesuffix(".0")
        parts = [f"{cores} core{'' if cores == '1' else 's'}", size(reading.get("memory_bytes") or 0)]
    if gpu is not None:
        parts.append(f"GPU {gpu:.0f} %")
    if whole:
        parts.append(f"{size(reading.get('gpu_memory_bytes') or 0)} of {size(whole)}{' GPU memory' if gpu is None else ''}")
    return ", ".join(parts)


def counted(count: int, noun: str, plural: str = "") -> str:
    """3, "picture" -> "3 pictures"; "no pictures" for none."""
    return f"{number(count) if count else 'no'} {noun if count == 1 else plural or noun + 's'}"
