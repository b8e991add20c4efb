"""Writes the tables of docs/reliability.md, between their marks, from the results of both databases. The words around them stay."""

import json
from statistics import median
from typing import Any

from benchmarks import page
from benchmarks.chaos import PLACE, ROOT
from benchmarks.page import table

PAGE = ROOT / "docs" / "reliability.md"
Told = dict[str, Any]
NAMES = ("sqlite", "postgresql")


def summary(results: Told) -> str:
    told = results["machine"]
    faults = results["injected"]
    doubled, overlaps = results["doubled"], results["overlaps"]
    lived = f"{_times(overlaps)} a process lived beside one that had taken over from it, awake for {results['longest']:g} s at the longest"
    lines = [
        f"**{results['database']}**, seed {results['seed']}, {told['date']}, {told['processor']}, {told['cores']} cores, load average at the start "
        f"{told['load']}: {len(faults)} faults in {results['minutes']:g} minutes. {results['completed']} of {results['runs']} runs were completed, "
        f"in {results['attempts']} attempts, and {results['equal_runs']} are as undisturbed ones bit for bit. {results['equal_datasets']} of "
        f"{results['datasets']} datasets are as one that was checked undisturbed, in {results['checks']} attempts.",
        f"Processes were looked up {results['looks']} times. {_times(len(doubled)).capitalize()} an attempt had two; "
        f"{lived if overlaps else 'no process lived beside one that had taken over from it'}. The disk was {results['disk']}.",
    ]
    lines += [
        f"Seconds of “{what}”: median {median(values):g}, longest {max(values):g}, measured {_times(len(values))}."
        for what, values in results["measured"].items()
    ]
    return "\n".join(lines)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def kinds(everything: dict[str, Told]) -> str:
    """Faults by kind: injected, and of these without a run that was waiting or at work then and is not as it should be."""
    names = dict.fromkeys(one["kind"] for results in everything.values() for one in results["injected"])

    def cell(results: Told, kind: str) -> list[str]:
        found = [one for one in results["injected"] if one["kind"] == kind]
        return [str(len(found)), str(sum(not one["problems"] for one in found))] if found else ["", ""]

    head = ["Fault", *(word for results in everything.values() for word in (f"{results['database'].split()[0]}: injected", "survived"))]
    return table(head, ([kind, *(word for results in everything.values() for word in cell(results, kind))] for kind in names))


def printed(results: Told) -> str:
    wrong = "\n".join(f"{run}: {'; '.join(found)}" for run, found in results["wrong"].items())
    return f"{summary(results)}\n\n{kinds({'': results})}\n{wrong}"


def write() -> None:
    everything = {name: json.loads(path.read_text()) for name in NAMES if (path := PLACE / f"{name}.json").exists()}
    page.write(PAGE, {"campaigns": "\n\n".join(map(summary, everything.values())), "faults": kinds(everything)})
