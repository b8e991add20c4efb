"""Runs a campaign and writes its figures into docs/reliability.md.

    python -m benchmarks.chaos --minutes 10 --seed 1                   on SQLite
    python -m benchmarks.chaos --minutes 10 --seed 2 --postgres        on a PostgreSQL of its own, whose programs must be installed

Everything is its own: state, database, broker, processes. What is random follows the seed; when it hits what, the machine decides as well.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.chaos import PLACE, ROOT
from benchmarks.chaos.places import Disk

LEASE = 6
TRAINERS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="of faults; then the runs have to end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000, help="of each run")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    parser.add_argument("--only-print", action="store_true", help="leave docs/reliability.md as it is")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was mounted is given back
    place = Path(tempfile.mkdtemp(prefix="gnv-chaos-"))
    place.chmod(0o711)
    disk = Disk(place / "var")
    server = None
    try:
        url = f"sqlite:///{disk.path}/ganvas.sqlite3"
        if asked.postgres:
            from benchmarks.chaos.server import Server

            server = Server(place / "pg", place / "sockets")
            url = server.url
        results = campaign(asked, disk, url, server)
    finally:
        if server is not None:
            server.close()
        disk.remove()
        shutil.rmtree(place, ignore_errors=True)
    from benchmarks.chaos import table

    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / f"{results['database'].split()[0].lower()}.json").write_text(json.dumps(results, indent=1))
    print(table.printed(results))
    if not asked.only_print:
        table.write()
    return 1 if results["wrong"] or results["doubled"] or any(one["problems"] for one in results["injected"]) else 0


def campaign(asked: argparse.Namespace, disk: Disk, url: str, server: object) -> dict[str, object]:
    for name in [name for name in os.environ if name.startswith(("GANVAS_", "REDIS_"))]:
        del os.environ[name]
    os.environ |= {"GANVAS_VAR": str(disk.path), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "portal.settings", "OMP_NUM_THREADS": "1"}
    os.environ |= {"GANVAS_LEASE_SECONDS": str(LEASE), "GANVAS_DEVICE": "cpu", "GANVAS_MAX_FAILURES": "1000", "GANVAS_LOG_LEVEL": "WARNING"}
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks.chaos.campaign import Campaign, Programs
    from benchmarks.chaos.faults import possible
    from benchmarks.training.machine import describe
    from tests.training import checked, person

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    programs = Programs(clocks=True)
    programs.environment = {}
    programs.join(settings)
    programs.broker.start()
    load = os.getloadavg()[0]
    try:
        owner = person(running_quota=100, queued_quota=10_000)
        held = Campaign(programs, owner, checked(owner), disk, seed=asked.seed, steps=asked.steps, trainers=TRAINERS, database=server)
        held.start()
        held.launch(12)
        held.go_on(60 * asked.minutes, possible(held))
        wrong = {run: found for run, found in held.finish().items() if found}
        if wrong or any(one.problems for one in held.injected):
            kept = Path(tempfile.mkdtemp(prefix="gnv-chaos-logs-"))
            for log in programs.directory.glob("*.log"):
                shutil.copy(log, kept)
            print(f"The programs' logs are in {kept}.", flush=True)
        return {
            **told(held, wrong),
            "seed": asked.seed,
            "minutes": asked.minutes,
            "database": f"PostgreSQL {server.version}" if server is not None else "SQLite",  # type: ignore[attr-defined]
            "disk": disk.kind,
            "machine": {**describe(), "date": date.today().isoformat(), "load": round(load, 1)},
        }
    finally:
        programs.close()


def told(held: object, wrong: dict[str, list[str]]) -> dict[str, object]:
    from benchmarks.chaos.campaign import Campaign
    from portal.datasets.models import Dataset
    from portal.runs.models import Run, Status

    assert isinstance(held, Campaign)
    uploads = Dataset.objects.exclude(pk__in=[held.dataset.pk, held.example.pk])
    return {
        "injected": [{"kind": one.kind, "at": one.at, "told": one.told, "problems": one.problems} for one in held.injected],
        "runs": Run.objects.count(),
        "completed": Run.objects.filter(status=Status.COMPLETED).count(),
        "equal_runs": Run.objects.exclude(pk__in=wrong).count(),
        "equal_datasets": uploads.exclude(pk__in=wrong).count(),
        "datasets": uploads.count(),
        "checks": sum(uploads.values_list("attempt", flat=True)),
        "attempts": sum(Run.objects.values_list("attempt", flat=True)),
        "wrong": wrong,
        "measured": held.measured,
        "looks": held.watch.looks,
        "overlaps": held.watch.overlaps,
        "longest": round(held.watch.longest, 1),
        "doubled": held.watch.doubled,
    }


if __name__ == "__main__":
    sys.exit(main())
