"""Writes the tables of docs/scale.md, between their marks. The words around them stay."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import page
from benchmarks.portal import ROOT

PAGE = ROOT / "docs" / "scale.md"
GOAL = 100.0
"""Milliseconds within which 95 of 100 answers are to come."""
Told = dict[str, Any]


def quantile(values: Sequence[float], share: float) -> float:
    """Of values in any order, the smallest that so large a share does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def machine(results: Told) -> str:
    told, data = results["machine"], results["data"]
    rows = {name: number(count) for name, count in data["rows"].items()}
    return (
        f"Measured on {told['date']}: {told['processor']}, {told['cores']} cores, Python {told['python']}, {data['postgresql']}; "
        f"load average at the start {told['load']}. "
        f"{rows['Dataset']} datasets, {rows['Run']} runs, {rows['LossPoint']} loss points and {rows['Sample']} sheets of {data['sizes']['users']} "
        f"people, {data['bytes'] / 1e9:.1f} GB with indexes; made in {data['seconds'] / 60:.1f} minutes."
    )


def pages(results: Told) -> str:
    def cells(title: str, one: Told) -> list[str]:
        loaded = one["loaded"]
        figures = [f"{median(one['alone']):.0f}", f"{one['processor']:.0f}", *(f"{quantile(loaded, share):.0f}" for share in (0.5, 0.95, 1))]
        failed = f"{one['failed']} failed" if one["failed"] else ""
        return [title, *figures, failed or ("yes" if quantile(loaded, 0.95) < GOAL else "no")]

    found = results.get("pages")
    if not found:
        return "Not measured yet."
    everything = [value for one in found["addresses"].values() for value in one["loaded"]]
    told = (
        f"{number(len(everything))} requests at {found['rate']:.0f} a second, evenly of all addresses in random order; the web process used "
        f"{found['core']:.0%} of its core and {found['memory_bytes'] / 1e6:.0f} MB. Of all requests together the median was "
        f"{quantile(everything, 0.5):.0f} ms, the 95th percentile {quantile(everything, 0.95):.0f} ms, the 99th {quantile(everything, 0.99):.0f} ms."
    )
    head = ("Address", "Alone, ms", "Of that processor, ms", "Median, ms", "95th percentile, ms", "Longest, ms", "Under 100 ms")
    return f"{told}\n\n{page.table(head, [cells(*one) for one in found['addresses'].items()])}"


def streams(results: Told) -> str:
    def cells(title: str, one: Told) -> list[str]:
        delays = one["delays"]
        return [
            f"{number(one['watchers'])} pages {title}",
            f"{one['opening']:.1f}",
            number(len(delays)),
            str(one["lost"]),
            *(f"{quantile(delays, share):.0f}" for share in (0.5, 0.99, 1)),
            f"{one['core']:.0%}",
            f"{one['memory_bytes'] / 1e6:.0f}",
        ]

    found = results.get("streams")
    if not found:
        return "Not measured yet."
    head = ("Open pages", "Opened in, s", "Sheets arrived", "Lost", "Median, ms", "99th percentile, ms", "Longest, ms", "Of a core", "Memory, MB")
    return page.table(head, [cells(*one) for one in found.items()])


def recorders(results: Told) -> str:
    one = results.get("recorders")
    if not one:
        return "Not measured yet."
    cells = [
        str(one["runs"]),
        f"{number(one['points'])} of {number(one['expected'])}",
        number(one["points"] / one["seconds"]),
        f"{one['sheets'] / one['seconds']:.0f}",
        *(f"{quantile(one['lags'], share):.2f}" for share in (0.5, 0.99, 1)),
        f"{one['late']:.2f}",
    ]
    head = (
        "Runs",
        "Loss points stored",
        "A second",
        "Sheets a second",
        "Behind: median, s",
        "99th percentile, s",
        "Most, s",
        "Longest wait of a run, s",
    )
    return page.table(head, [cells])


TABLES: dict[str, Callable[[Told], str]] = {"machine": machine, "pages": pages, "streams": streams, "recorders": recorders}


def write(results: Told, place: Path) -> None:
    page.write(place, {name: write_one(results) for name, write_one in TABLES.items()})
