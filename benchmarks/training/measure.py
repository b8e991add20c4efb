"""Runs whole commands in turns, and keeps how long they took."""

import csv
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.training import PLACE, ROOT
from benchmarks.training.works import Command, Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timing:
    """Of one whole command."""

    seconds: float
    """From its start to its end."""
    processor_seconds: float
    """Of all its processes and threads."""
    rate: float
    """Real pictures a second in the steady state."""


class Failed(Exception):
    """A command did not end well."""


def turns(rounds: int, commands: Iterable[T]) -> Iterator[tuple[int, T]]:
    """A B C A B C ...: (round, command), each once in a round."""
    every = list(commands)
    return ((number, command) for number in range(rounds) for command in every)


def run(work: Work, command: Command, folder: Path, environment: dict[str, str], log: Path) -> Timing:
    """Raises Failed, with where it is told why."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=PLACE) as directory, log.open("w") as told:
        out = Path(directory) / "out"
        arguments = [argument.format(folder=folder, out=out) for argument in command.arguments]
        began = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, **environment}, stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # wait4 has taken it, and Popen is not to wait for it again
        if process.returncode:
            raise Failed(f"{command.name}: failed, see {log}")
        losses = out / "losses.csv"
        rate = steady_of_run(losses, work) if losses.exists() else steady_of_script(log)
    return Timing(seconds, usage.ru_utime + usage.ru_stime, rate)


def steady_of_run(losses: Path, work: Work) -> float:
    """Of gan_core, which writes down when each step ended."""
    with losses.open(newline="") as file:
        seconds = {int(row["step"]): float(row["seconds"]) for row in csv.DictReader(file)}
    return (work.steps - work.warm) * work.batch / (seconds[work.steps] - seconds[work.warm])


def steady_of_script(log: Path) -> float:
    """Of the plain programs, whose last line tells."""
    last = next(line for line in reversed(log.read_text().splitlines()) if line.startswith("steady "))
    _, images, seconds = last.split()
    return float(images) / float(seconds)
