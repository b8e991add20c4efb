"""Trains the rows, each in a process of its own, scores them and writes docs/quality.md. See `benchmarks.quality`."""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.quality import PLACE, ROOT
from benchmarks.quality.rows import ROWS


def chosen(only: str) -> list[str]:
    """Rows by name, or all of a recipe."""
    if not only:
        return list(ROWS)
    asked = only.split(",")
    names = [name for name in ROWS if name in asked or name.split(".")[0] in asked]
    if not names:
        raise SystemExit(f"None of these is a row: {only}. There are: {', '.join(ROWS)}.")
    return names


def work(name: str, seconds: float) -> bool:
    """Train and score one row on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    (PLACE / "logs").mkdir(parents=True, exist_ok=True)
    with (PLACE / "logs" / f"{name}.txt").open("w") as log:
        for module, *options in (("train", "--seconds", str(seconds)), ("judge",)):
            command = [sys.executable, "-m", f"benchmarks.quality.{module}", name, *options]
            if subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log).returncode:
                print(f"{name}: failed, see {log.name}", flush=True)
                return False
    print(f"{name}: done", flush=True)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--seconds", type=float, default=150, help="of one core, for each row")
    parser.add_argument("--only", default="", help="rows or recipes, separated by commas")
    parser.add_argument("--jobs", type=int, default=1, help="rows at a time")
    parser.add_argument("--table", action="store_true", help="train nothing, write docs/quality.md from the results there are")
    asked = parser.parse_args()
    finished = True
    if not asked.table:
        with ThreadPoolExecutor(asked.jobs) as pool:
            finished = all(list(pool.map(lambda name: work(name, asked.seconds), chosen(asked.only))))
    subprocess.run([sys.executable, "-m", "benchmarks.quality.table"], cwd=ROOT, check=True)
    sys.exit(not finished)


if __name__ == "__main__":
    main()
