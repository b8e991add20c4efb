"""How fast training is: whole commands of gan_core and of its peers in turns, and how the cost grows.

    make bench BENCH=training                              # all of it; docs/performance.md is written anew
    .venv/bin/python -m benchmarks.training --quick        # everything small, to see that it works; only prints
    .venv/bin/python -m benchmarks.training --only mlp-28  # one work again, or `growth`; the other results stay

Pictures come out of installed packages; they, the peers' environment, the results and the logs lie in `var/benchmarks/`.
"""

from benchmarks.quality import PLACE as PARENT
from benchmarks.quality import ROOT

PLACE = PARENT / "training"

__all__ = ["PLACE", "ROOT"]
