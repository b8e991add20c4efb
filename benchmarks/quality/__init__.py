"""Whether the recipes learn: each trains for a fixed time on real pictures and is scored against them.

    make bench BENCH=quality                                # all of it, about two hours on one core
    .venv/bin/python -m benchmarks.quality --only quick     # one row again; docs/quality.md is written anew from all results
    .venv/bin/python -m benchmarks.quality --table          # docs/quality.md from the results there are

Pictures come out of installed packages; they, the results and the sheets lie in `var/benchmarks/`.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "var" / "benchmarks"
