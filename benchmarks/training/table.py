"""Writes the tables of docs/performance.md, between their marks. The words around them stay."""

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import page
from benchmarks.page import table
from benchmarks.training import ROOT
from benchmarks.training.works import WORKS, Work

PAGE = ROOT / "docs" / "performance.md"
LEAST = 1.0
"""How many times as fast as plain channels_last gan_core is to be on a processor without AMX."""
Told = dict[str, Any]


def spread(values: list[float], digits: int = 0) -> str:
    """Median, and least and most."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def about_rate(values: list[float]) -> str:
    return spread(values, 0 if median(values) >= 100 else 1)


def peaks(work: Told, format: str) -> float:
    return median([peak[format] for peak in work["peaks"]])


def rates(row: Told) -> list[float]:
    return [timing["rate"] for timing in row["timings"]]


def machine(results: Told) -> str:
    told = results["machine"]
    formats = [name for name, there in (("AMX", told["amx"]), ("AVX512-BF16", told["avx512_bf16"])) if there]
    lacks = "" if told["amx"] else ", without AMX"
    reached = [peak for work in results["works"].values() for peak in work["peaks"]]
    largest = (
        "; ".join(f"{name} {spread([peak[name] / 1e9 for peak in reached])} GFLOP/s" for name in ("fp32", "bf16")) if reached else "not measured"
    )
    return (
        f"Measured on {told['date']}: {told['processor']}, {told['cores']} cores, {told['threads']} threads"
        f"{', ' + ' and '.join(formats) if formats else ''}{lacks}, no GPU used; PyTorch {told['torch']}; load average at the start "
        f"{told['load']}. Peak, by large matrix products beside the runs: {largest}."
    )


def commands(results: Told) -> str:
    def cells(name: str, row_name: str, row: Told) -> list[str]:
        work = results["works"][name]
        if row["problem"] or not row["timings"]:
            return [work["title"], row_name, row["problem"] or "not run", "", "", "", ""]
        share = [rate * work["operations"] / peaks(work, row["format"]) for rate in rates(row)]
        return [
            work["title"],
            row_name,
            about_rate(rates(row)),
            f"{median(share):.0%} of {row['format']}",
            spread([timing["seconds"] for timing in row["timings"]], 1),
            spread([timing["processor_seconds"] for timing in row["timings"]], 1),
            f"{work['operations'] / 1e9:.3g}",
        ]

    head = ("Work", "Program", "Pictures a second", "Share of peak", "Seconds", "Processor seconds", "GFLOP a picture")
    return table(head, (cells(name, *row) for name, work in results["works"].items() for row in work["rows"].items()), texts=2)


def ratios(results: Told) -> str:
    def cells(name: str, title: str, ours: Told, peer_name: str, peer: Told) -> list[str]:
        pairs = list(zip(ours["timings"], peer["timings"], strict=True))
        steady = [one["rate"] / other["rate"] for one, other in pairs]
        whole = [other["seconds"] / one["seconds"] for one, other in pairs]
        goal = WORKS[name].goals.get(peer_name)
        with_amx, without = f"{goal:g}" if goal else "", f"{LEAST:g}" if peer_name.endswith("channels_last") else ""
        wanted = goal if results["machine"]["amx"] else (LEAST if without else None)
        return [title, peer_name, spread(steady, 2), spread(whole, 2), with_amx, without, reached(wanted, median(steady), median(whole))]

    found = []
    for name, work in results["works"].items():
        (_, ours), *others = work["rows"].items()
        complete = [(peer_name, peer) for peer_name, peer in others if ours["timings"] and len(peer["timings"]) == len(ours["timings"])]
        found += [cells(name, work["title"], ours, *one) for one in complete]
    head = ("Work", "gan_core against", "Steady state", "Whole command", "Goal with AMX", "Goal without", "Reached here")
    return table(head, found, texts=2)


def reached(wanted: float | None, steady: float, whole: float) -> str:
    if wanted is None:
        return ""
    return {(True, True): "yes", (True, False): "steady state only", (False, True): "whole command only"}.get(
        (steady >= wanted, whole >= wanted), "no"
    )


def shares(results: Told) -> str:
    """gan_core's share of the peak in bf16, by work with a goal for it."""
    wanted = [(WORKS[name], work) for name, work in results["works"].items() if WORKS[name].share_goal]

    def cells(work: Work, told: Told) -> list[str]:
        name, ours = next(iter(told["rows"].items()))
        share = [rate * told["operations"] / peaks(told, "bf16") for rate in rates(ours)]
        return [told["title"], name, f"{median(share):.1%}" if share else "", f"{work.share_goal:.0%}"]

    return table(("Work", "Program", "Share of the peak in bf16", "Goal with AMX"), (cells(*one) for one in wanted), texts=2)


def growth(title: str, name: str, per: Callable[[str], str]) -> Callable[[Told], str]:
    def told(results: Told) -> str:
        found = results["growth"].get(name, {})
        return table(
            (title, "Pictures a second", "Of the first row"),
            ([per(key), about_rate(values), of_first(found, values)] for key, values in found.items()),
        )

    return told


def of_first(found: dict[str, list[float]], values: list[float]) -> str:
    return f"{median(values) / median(next(iter(found.values()))):.2f}"


TABLES: dict[str, Callable[[Told], str]] = {
    "machine": machine,
    "commands": commands,
    "ratios": ratios,
    "shares": shares,
    "size": growth("Pixels a side, batch of 16", "size", str),
    "batch": growth("Batch", "batch", str),
    "dataset": growth("Pictures", "dataset", lambda count: f"{int(count):,}".replace(",", " ")),
    "processes": growth("Runs at a time", "processes", str),
}


def printed(results: Told) -> str:
    return "\n\n".join(write_one(results) for write_one in TABLES.values())


def write(results: Told) -> None:
    page.write(PAGE, {name: write_one(results) for name, write_one in TABLES.items()})
