"""How the cost of training grows with size, batch, number of pictures and number of runs: steps of gan_core, without files.

python -m benchmarks.training.growth [--quick]

Prints one JSON object: for each table, pictures a second by its first column, one figure for each round.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
import torch

from benchmarks.training import PLACE
from benchmarks.training.measure import turns
from gan_core import memory
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.players import Players

SIZES = (32, 64, 128, 256)
SIZE_BATCH = 16
"""At 256 pixels a batch of 64 would take too long."""
BATCHES = (16, 32, 64, 128, 256)
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
SIDE, BATCH = 64, 64
SECONDS = 1.0
"""Of a turn, and at least one step."""
Rates = dict[str, list[float]]


def settled(size: int, batch: int) -> TrainConfig:
    return TrainConfig.model_validate({"width": size, "height": size, "batch_size": batch, "steps": 1000, "augmentation": "none", "score_samples": 0})


def places(directory: Path, count: int, side: int) -> ImageStore:
    """A prepared dataset of so many pictures. Its file has holes, for which the file system gives zeros."""
    directory.mkdir()
    np.lib.format.open_memmap(directory / "images.npy", mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
    (directory / "store.json").write_text(json.dumps({"class_names": []}))
    return ImageStore.open(directory)


class Stepper:
    """Trains when called."""

    def __init__(self, config: TrainConfig, directory: Path) -> None:
        images = places(directory / uuid4().hex, 256, config.width)
        device = torch.device("cpu")
        self.batches = Batches(config, images, device)
        self.players = Players(config, 3, 0, len(images), device)
        self.batch, self.number = config.batch_size, 0
        self()

    def __call__(self) -> int:
        """One step; gives how many pictures it saw."""
        self.number += 1
        self.players.step(self.number, self.batches)
        return self.batch


class Gatherer:
    """Gathers batches when called."""

    def __init__(self, count: int, directory: Path) -> None:
        self.batches = Batches(settled(SIDE, BATCH), places(directory / f"{count}", count, SIDE), torch.device("cpu"))
        self.number = 0
        self()

    def __call__(self) -> int:
        self.number += 1
        self.batches.take(self.number)
        return BATCH


def rate(act: Callable[[], int], seconds: float = SECONDS) -> float:
    """Pictures a second."""
    began = time.perf_counter()
    images = act()
    while time.perf_counter() - began < seconds:
        images += act()
    return images / (time.perf_counter() - began)


def in_turns(acts: dict[str, Callable[[], int]], rounds: int) -> Rates:
    rates: Rates = {name: [] for name in acts}
    for _, name in turns(rounds, acts):
        rates[name].append(rate(acts[name]))
    return rates


def one_of_many(threads: int, seconds: float, together: Any, told: Any) -> None:
    """A process that trains beside others, all of them at the same time."""
    torch.set_num_threads(threads)
    memory.keep_freed()
    with TemporaryDirectory(dir=PLACE) as directory:
        act = Stepper(settled(SIDE, BATCH), Path(directory))
        together.wait()
        told.put(rate(act, seconds))


def side_by_side(processes: int, seconds: float) -> float:
    """Pictures a second of so many runs, summed."""
    context = multiprocessing.get_context("spawn")
    together, told = context.Barrier(processes), context.Queue()
    threads = max(1, torch.get_num_threads() // processes)
    runs = [context.Process(target=one_of_many, args=(threads, seconds, together, told)) for _ in range(processes)]
    for run in runs:
        run.start()
    rates = [told.get(timeout=300) for _ in runs]
    for run in runs:
        run.join()
    return float(sum(rates))


def measure(*, quick: bool) -> dict[str, Rates]:
    rounds, seconds = (2, 1.0) if quick else (3, 8.0)
    cores = os.cpu_count() or 1
    memory.keep_freed()
    numbers = [number for number in (1, 2, 4, 8, 16) if number <= cores]
    processes: Rates = {str(number): [] for number in numbers}
    with TemporaryDirectory(dir=PLACE) as name:
        directory = Path(name)
        sizes = {str(size): Stepper(settled(size, SIZE_BATCH), directory) for size in (SIZES[:2] if quick else SIZES)}
        tables = {"size": in_turns(dict(sizes), rounds)}
        del sizes
        batches = {str(batch): Stepper(settled(SIDE, batch), directory) for batch in (BATCHES[:2] if quick else BATCHES)}
        tables["batch"] = in_turns(dict(batches), rounds)
        del batches
        tables["dataset"] = in_turns({str(count): Gatherer(count, directory) for count in COUNTS}, rounds)
    for _, number in turns(rounds, numbers):
        processes[str(number)].append(side_by_side(number, seconds))
    return {**tables, "processes": processes}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    PLACE.mkdir(parents=True, exist_ok=True)
    print(json.dumps(measure(quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
