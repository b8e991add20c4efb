"""A whole installation under faults: its programs, its runs, and what was done to them."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection

from benchmarks.chaos import audit
from benchmarks.chaos.clocks import CAN_BE_SET, Clocks
from benchmarks.chaos.places import Disk, descendants
from benchmarks.chaos.watch import Trainer, Watch, trainers
from portal.accounts.models import ApiToken, User
from portal.datasets.models import Dataset
from portal.runs.models import ENDED, Run, Status
from tests.processes import Portal, Process, wait_until
from tests.training import launched, uploaded
from worker.ingest import ingest
from worker.patience import patiently

T = TypeVar("T")
SEEDS = (1, 2, 3)
"""Of the runs; each is one more undisturbed training to compare with."""
PICTURES = 1500
"""Of a dataset: as many as take a second or two to check."""
WAITING = 4
"""Runs that are launched ahead of the workers."""
CALM = 300.0
"""Seconds that runs have to end after the last fault."""


class Programs(Portal):
    """An installation whose programs come back under the same name, as a supervisor of programs starts them again.

    Args:
        clocks: give each of them one that can be set, if that can be done here.
    """

    def __init__(self, *, clocks: bool = False) -> None:
        super().__init__()
        self.clocks = Clocks(self.directory) if clocks and CAN_BE_SET else None

    def begin(self, name: str) -> Process:
        if name == "beat":
            return self.beat()
        queue, threads = ("train", 1) if name.startswith("train") else ("ingest", 2)
        options = f"-Q {queue} -n {name}@chaos --without-mingle --without-gossip --pool=threads --concurrency={threads} --loglevel=INFO".split()
        return self._start(f"worker-{name}", ["-m", "celery", "-A", "worker.app", "worker", *options])

    def _start(self, name: str, arguments: list[str]) -> Process:
        others = self.environment
        self.environment = {**others, **(self.clocks.variables(name) if self.clocks else {})}
        try:
            return super()._start(name, arguments)
        finally:
            self.environment = others


@dataclass
class Injected:
    """One fault, and what was waiting or at work then."""

    kind: str
    at: float
    open: set[str]
    """Keys of runs and datasets."""
    told: str = ""
    problems: list[str] = field(default_factory=list)


class Campaign:
    """
    Args:
        dataset: whose pictures the runs are to learn; checked without any fault.
        database: restarts the database's server; None where there is none.
        trainers: how many workers train.
    """

    def __init__(
        self,
        programs: Programs,
        owner: User,
        dataset: Dataset,
        disk: Disk,
        *,
        seed: int,
        steps: int,
        trainers: int,
        seeds: tuple[int, ...] = SEEDS,
        database: Any = None,
    ) -> None:
        self.programs, self.owner, self.dataset, self.disk, self.database = programs, owner, dataset, disk, database
        self.steps, self.seeds = steps, seeds
        self.random = random.Random(seed)
        self.injected: list[Injected] = []
        self.measured: dict[str, list[float]] = {}
        """Seconds, by what was measured."""
        self.running: dict[str, Process] = {}
        self.watch = Watch(programs.broker.url)
        self.begun = time.monotonic()
        _, self.token = ApiToken.objects.create(user=owner)
        self.names = [*(f"train{number}" for number in range(1, trainers + 1)), "ingest", "beat"]
        self.started = 0

    def start(self) -> None:
        self.web = self.programs.web()
        for name in self.names:
            self.begin(name)
        self.watch.start()

    def begin(self, name: str) -> None:
        self.running[name] = self.programs.begin(name)

    def launch(self, count: int = 1) -> None:
        for _ in range(count):
            seed = self.seeds[self.started % len(self.seeds)]
            patiently(lambda seed=seed: launched(self.owner, self.dataset, steps=self.steps, seed=seed))
            self.started += 1

    def upload(self) -> None:
        patiently(lambda: uploaded(self.owner, PICTURES))

    def open(self) -> set[str]:
        """Keys of the runs that have not ended, and of the datasets that are not checked."""
        runs = self.ask(lambda: list(Run.objects.exclude(status__in=ENDED).values_list("pk", flat=True)))
        datasets = self.ask(lambda: list(Dataset.objects.filter(status=Dataset.Status.PROCESSING).values_list("pk", flat=True)))
        return {str(pk) for pk in (*runs, *datasets)}

    def ask(self, do: Callable[[], T]) -> T:
        """An answer of the database, which may just be restarting."""
        return patiently(do, 60)

    def pids(self) -> list[int]:
        """Of all programs that write into the database or storage, and of what they have started."""
        found = [process.pid for process in (*self.running.values(), self.web.process)]
        return [*found, *(child for pid in found for child in descendants(pid))]

    def at_work(self, *, unharmed: bool = True) -> tuple[Run, Trainer] | None:
        """A run in training that has a checkpoint, with its process; `unharmed`: without a crash since then."""
        living = {(one.run, one.attempt): one for one in trainers(self.programs.broker.url)}
        runs = self.ask(lambda: list(Run.objects.filter(status=Status.RUNNING, artifacts__isnull=False).distinct()))
        fit = [run for run in runs if (str(run.pk), run.attempt) in living and not (unharmed and run.failures)]
        if not fit:
            return None
        run = self.random.choice(sorted(fit, key=lambda run: run.pk))
        return run, living[str(run.pk), run.attempt]

    def inject(self, kind: str, fault: Callable[["Campaign"], str | None]) -> bool:
        """Do it; False if there was nothing that it could have been done to."""
        record = Injected(kind, round(time.monotonic() - self.begun, 1), self.open())
        try:
            told = fault(self)
        except AssertionError as error:
            told = "failed"
            record.problems.append(str(error))
        if told is None:
            return False
        record.told = told
        self.injected.append(record)
        print(f"{record.at:7.1f} s  {kind}{f': {told}' if told else ''}{f' PROBLEM {record.problems}' if record.problems else ''}", flush=True)
        self.mend()
        return True

    def mend(self) -> None:
        """Start again what has ended, as a supervisor of programs does."""
        for name, process in self.running.items():
            if process.popen.poll() is not None:
                self.begin(name)
        if self.web.process.popen.poll() is not None:
            self.web = self.programs.web()

    def go_on(self, seconds: float, faults: dict[str, Callable[["Campaign"], str | None]]) -> None:
        """Faults at random, each kind about as often as the others, until so many seconds have passed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.launch(max(0, WAITING - self.ask(Run.objects.filter(status=Status.QUEUED).count)))
            self.upload()
            times = {kind: sum(one.kind == kind for one in self.injected) for kind in faults}
            few = [kind for kind in faults if times[kind] <= min(times.values()) + 1]
            kind = self.random.choice(few)
            self.inject(kind, faults[kind])
            self.mend()
            threading.Event().wait(self.random.uniform(1.0, 10.0))

    def finish(self) -> dict[str, list[str]]:
        """Wait until all runs have ended and all datasets are checked, and audit them: what is wrong, by key."""

        def over() -> bool:
            self.mend()
            return not self.open()

        with suppress(AssertionError):  # the audit names those that have not
            wait_until(over, "everything to end", CALM)
        self.watch.end()
        for process in (*self.running.values(), self.web.process):
            process.kill()
        connection.close()
        found = {str(run.pk): audit.problems(run) for run in Run.objects.order_by("created")}
        self.example = uploaded(self.owner, PICTURES)
        ingest(self.example.pk)
        found |= {str(dataset.pk): list(audit.dataset_problems(dataset, self.example)) for dataset in Dataset.objects.exclude(pk=self.dataset.pk)}
        for key, wrong in found.items():
            for injected in self.injected:
                if wrong and key in injected.open:
                    injected.problems.append(key)
        return found
