"""Measures training and its peers, and writes docs/performance.md. See `benchmarks.training`."""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from typing import Any

import torch

from benchmarks.training import PLACE, ROOT, flops, machine, peers, table
from benchmarks.training.measure import Failed, run, turns
from benchmarks.training.pictures import folder
from benchmarks.training.works import WORKS, Work, commands
from gan_core.commands import chosen
from gan_core.precision import choose_precision

GROWTH = "growth"
QUICK_STEPS, QUICK_WARM, QUICK_BATCH = 4, 1, 8
Told = dict[str, Any]


def child(module: str, environment: dict[str, str], *options: str) -> Any:
    """What a module of this benchmark prints, in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.training.{module}", *options]
    return json.loads(subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measured(name: str, work: Work, rounds: int, environment: dict[str, str], no_keras: str) -> Told:
    """A work, all its commands in turns, and the peak that was reached beside them."""
    pictures = folder(work.pictures)
    config = chosen(work.recipe or None, work.steps, None, work.changes())
    auto = choose_precision(config, torch.device("cpu")).name
    rows: dict[str, Told] = {command.name: {"format": command.format, "timings": [], "problem": ""} for command in commands(work, auto)}
    peaks = []
    for number, command in turns(rounds, commands(work, auto)):
        if number == len(peaks):
            peaks.append(child("peak", environment))
        row = rows[command.name]
        if command.name.startswith("Keras"):
            row["problem"] = row["problem"] or no_keras
        if row["problem"]:
            continue
        try:
            timing = run(work, command, pictures, environment, PLACE / "logs" / f"{name}.{command.name}.{number}.txt")
        except Failed as error:
            row["problem"] = str(error)
            print(error, flush=True)
            continue
        row["timings"].append(asdict(timing))
        print(f"{work.title}, {command.name}: {timing.rate:.0f} pictures/s, {timing.seconds:.1f} s", flush=True)
    return {"title": work.title, "rows": rows, "peaks": peaks, "operations": flops.an_image(config, 1 if work.pictures == "digits" else 3)}


def smaller(work: Work) -> Work:
    return replace(work, steps=QUICK_STEPS, warm=QUICK_WARM, batch=QUICK_BATCH)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="everything small; prints the tables and leaves docs/performance.md alone")
    parser.add_argument("--only", default="", help=f"of {', '.join([*WORKS, GROWTH])}, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of every command; all cores otherwise")
    parser.add_argument("--table", action="store_true", help="measure nothing, write docs/performance.md from the results there are")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else [*WORKS, GROWTH]
    if unknown := [name for name in names if name not in (*WORKS, GROWTH)]:
        raise SystemExit(f"There is no {', '.join(unknown)}. There are: {', '.join([*WORKS, GROWTH])}.")
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / ("quick.json" if asked.quick else "results.json")
    results: Told = json.loads(path.read_text()) if path.exists() else {"works": {}, GROWTH: {}}
    if not asked.table:
        environment = machine.threads(asked.threads)
        results["machine"] = {**machine.describe(), "threads": asked.threads or os.cpu_count(), "date": time.strftime("%Y-%m-%d")}
        no_keras = peers.install() if any(peer.startswith("Keras") for name in names if name in WORKS for peer in WORKS[name].peers) else ""
        for name in names:
            if name == GROWTH:
                results[GROWTH] = child("growth", environment, *(["--quick"] if asked.quick else []))
            else:
                work = smaller(WORKS[name]) if asked.quick else WORKS[name]
                results["works"][name] = measured(name, work, 2 if asked.quick else asked.rounds, environment, no_keras)
            path.write_text(json.dumps(results, indent=1))
    if asked.quick:
        print(table.printed(results))
    else:
        table.write(results)
    problems = [row["problem"] for work in results["works"].values() for row in work["rows"].values() if row["problem"]]
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
