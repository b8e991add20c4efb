"""Whether bf16 learns what fp32 learns: rows of the quality table trained for as many steps in both, from several seeds.

python -m benchmarks.quality.formats            # some forty minutes of one core; writes its table into docs/quality.md
python -m benchmarks.quality.formats --table    # only that, from the results there are
"""

import argparse
import json
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks import page
from benchmarks.quality import PLACE
from benchmarks.quality.rows import ROWS
from benchmarks.quality.sets import store
from benchmarks.quality.table import PAGE
from benchmarks.quality.train import SEED, inputs_for, settled
from gan_core import scores
from gan_core.events import Checkpoint
from gan_core.sampling import load, render
from gan_core.train import train

STEPS = {"quick.digits": 1000, "satellite.digits": 1000, "modern-classes.digits": 500, "style-classes.digits": 2000}
"""Adam and batch normalisation; cross entropy without it; the relativistic objective with double backward; modulated convolutions."""
SEEDS = (1, 2, 3)
FORMATS = ("fp32", "bf16")
CPU = torch.device("cpu")
RESULTS = PLACE / "results" / "formats.json"


def score(name: str, seed: int, format: str) -> dict[str, float]:
    """FD and KID of a row at its end."""
    config = settled(ROWS[name], steps=STEPS[name], seed=seed, precision=format)
    images = store(ROWS[name].pictures, config)
    extractor = scores.load_extractor(CPU)
    reference = scores.Reference.of(images, extractor, config.background)
    with TemporaryDirectory() as directory:
        *_, last = train(config, images, Path(directory), device="cpu")
        assert isinstance(last, Checkpoint)
        drawn = render(load(last.weights).network, config, inputs_for(config, images), CPU)
    found = scores.compare(reference, extractor(drawn, config.background), step=STEPS[name], seconds=0, seed=SEED)
    return {"fd": found.fd, "kid": found.kid}


def formats(results: dict[str, dict[str, float]]) -> str:
    """Mean and standard deviation over the seeds, and the three themselves."""

    def cells(name: str) -> list[str]:
        found = {format: [results[f"{name}.{seed}.{format}"]["fd"] for seed in SEEDS] for format in FORMATS}
        difference = mean(found["bf16"]) - mean(found["fp32"])
        recipe, pictures = name.split(".")
        return [
            f"`{recipe}` on {pictures}",
            f"{STEPS[name]}",
            *(", ".join(f"{one:.0f}" for one in sorted(found[format])) for format in FORMATS),
            *(f"{mean(found[format]):.0f} ± {stdev(found[format]):.0f}" for format in FORMATS),
            f"{difference:+.0f}",
        ]

    complete = [name for name in STEPS if all(f"{name}.{seed}.{format}" in results for seed, format in product(SEEDS, FORMATS))]
    return page.table(("Row", "Steps", "FD, fp32", "FD, bf16", "fp32", "bf16", "Difference"), map(cells, complete))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.formats", description=__doc__)
    parser.add_argument("--table", action="store_true", help="train nothing")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, seed, format in () if asked.table else product(STEPS, SEEDS, FORMATS):
        if f"{name}.{seed}.{format}" not in results:
            results[f"{name}.{seed}.{format}"] = score(name, seed, format)
            print(name, seed, format, results[f"{name}.{seed}.{format}"], flush=True)
            RESULTS.write_text(json.dumps(results, indent=1))
    page.write(PAGE, {"formats": formats(results)})


if __name__ == "__main__":
    main()
