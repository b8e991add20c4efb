"""Two hundred runs that write at once, each through a recorder of its own, as their processes do; and how far the tables are behind.

`python -m benchmarks.portal.recorders <first> <count> <begin> <seconds>` is one of the processes that share the runs out.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.portal import ROOT

RUNS, PROCESSES = 200, 4
SECONDS = 60.0
POINTS = 10.0
"""Loss points a second of each run."""
SHEET_EVERY = 10.0
"""Seconds between two sheets of a run."""
TILES, SIDE = 64, 64
START = 15.0
"""Seconds that the processes have to get ready."""
NAME = "Recorded"


def measure(environment: dict[str, str], logs: Path, runs: int = RUNS, seconds: float = SECONDS) -> dict[str, Any]:
    from django.db.models import Max

    from portal.runs.models import LossPoint, Run, Sample, Status

    template = Run.objects.order_by("-created").first()
    assert template is not None
    Run.objects.filter(name=NAME).delete()  # of a call that was broken off
    made = [Run(owner=template.owner, dataset=template.dataset, name=NAME, config=template.config, total_steps=10**6) for _ in range(runs)]
    for run in made:
        run.status, run.attempt, run.worker = Status.RUNNING, 1, "benchmark"
    Run.objects.bulk_create(made)
    begin = time.time() + START
    share = -(-runs // PROCESSES)
    processes = []
    for number in range(PROCESSES):
        command = [sys.executable, "-m", __name__, str(number * share), str(share), str(begin), str(seconds)]
        with (logs / f"recorders-{number}.txt").open("w") as log:
            # Each recorder has a thread of its own, which keeps its connection as a run's process does.
            own = {**environment, "GANVAS_DATABASE_POOL": str(share + 5)}
            processes.append(subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=log, text=True))
    lags: list[float] = []
    while (now := time.time()) < begin + seconds:
        if now < begin + 5:
            time.sleep(0.1)
            continue
        stored = dict(LossPoint.objects.filter(run__name=NAME).values_list("run").annotate(Max("step")))
        now = time.time()
        lags += [now - begin - stored.get(run.pk, 0) / POINTS for run in made]
        time.sleep(1)
    try:
        said = [process.communicate(timeout=120)[0] for process in processes]
    except subprocess.TimeoutExpired as error:
        raise SystemExit(f"The recorders are two minutes behind: this machine is too busy. See {logs}.") from error
    finally:
        for process in processes:
            process.kill()
    if any(process.returncode for process in processes):
        raise SystemExit(f"A recorder failed, see {logs}.")
    late = [float(one) for one in said]
    points, sheets = LossPoint.objects.filter(run__name=NAME).count(), Sample.objects.filter(run__name=NAME).count()
    Run.objects.filter(name=NAME).delete()
    return {
        "runs": runs,
        "seconds": seconds,
        "points": points,
        "expected": runs * round(POINTS * seconds),
        "sheets": sheets,
        "lags": sorted(lags),
        "late": max(late),
    }


def write(first: int, count: int, begin: float, seconds: float) -> float:
    """Has its share of the runs report in time; returns by how many seconds it was late at most, because a recorder made it wait."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    import numpy as np

    from gan_core.events import Losses, Progress, Samples
    from portal.runs.models import Run
    from worker.record import Recorder

    runs = list(Run.objects.filter(name=NAME).select_related("owner", "dataset").order_by("pk")[first : first + count])
    recorders = [Recorder(run, 1, lambda step, scores: "") for run in runs]
    pictures = np.random.default_rng(first).integers(0, 256, (TILES, SIDE, SIDE, 3), dtype=np.uint8)
    pictures = np.repeat(np.repeat(pictures[:, ::8, ::8], 8, axis=1), 8, axis=2)  # as smooth as drawn ones, so that a sheet is as small
    late, steps, between = 0.0, round(POINTS * seconds), round(POINTS * SHEET_EVERY)
    time.sleep(max(0.0, begin - time.time()))
    for step in range(1, steps + 1):
        due = begin + step / POINTS
        time.sleep(max(0.0, due - time.time()))
        for place, recorder in enumerate(recorders):
            recorder.record(Losses(step, step / POINTS, 0.7, 0.9))
            if step % 10 == place % 10:
                recorder.record(Progress(step=step, total_steps=10**6, epoch=1.0, seconds=step / POINTS, images_per_second=500.0))
            if step % between == place % between:
                recorder.record(Samples(step, 1.0, pictures, 8, 8, 1))
        late = max(late, time.time() - due)
    for recorder in recorders:
        recorder.close()
    return late


if __name__ == "__main__":
    print(write(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
