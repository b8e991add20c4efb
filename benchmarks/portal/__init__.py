"""How much one web process and one database carry: a PostgreSQL of its own is filled with the rows of a large lab, and asked.

    .venv/bin/python -m benchmarks.portal                    # all of it, about a quarter of an hour; docs/scale.md is written anew
    .venv/bin/python -m benchmarks.portal --scale .01        # a hundredth of the rows, to see that it works; writes a copy of the page
    .venv/bin/python -m benchmarks.portal --short --keep     # all rows, measured shortly: fills for a call that is to come
    .venv/bin/python -m benchmarks.portal --only pages       # one part again; the other results stay
    .venv/bin/python -m benchmarks.portal --table            # measures nothing, writes docs/scale.md from the results there are

The cluster lies in `var/benchmarks/portal` and goes at the end, unless `--keep` says that another part will want it.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "var" / "benchmarks" / "portal"
