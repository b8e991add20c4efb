"""Fills a database, measures pages, streams and recorders, and writes docs/scale.md. See `benchmarks.portal`."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.portal import PLACE, ROOT, servers, table

PARTS = ("pages", "streams", "recorders")
CORE = 0
"""That the web process is pinned to; the others are for the database and the client."""
TRIED = PLACE / "scale.md"


def environment(cluster: servers.Cluster, broker: servers.Broker) -> dict[str, str]:
    """Of everything that is started, and of this process: an installation in a directory of its own."""
    own = {
        "GANVAS_VAR": str(cluster.directory / "var"),
        "DATABASE_URL": cluster.url,
        "REDIS_URL": broker.url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("GANVAS_")}
    return {**others, **own, "GANVAS_LOG_LEVEL": "WARNING"}


def prepare(scale: float, cluster: servers.Cluster, sockets: Path) -> dict[str, Any]:
    """Make the cluster and its rows, unless an earlier call has kept them."""
    begun = time.monotonic()
    if not cluster.is_made:
        cluster.make()
        cluster.start(hasty=True)
        cluster.make_database()
    else:
        cluster.start(hasty=True)
    broker = servers.Broker(sockets, PLACE / "valkey")
    try:
        os.environ.update(environment(cluster, broker))
        for script in ("vendor", "prepare"):
            subprocess.run([sys.executable, f"scripts/{script}.py"], cwd=ROOT, env=environment(cluster, broker), check=True)
        import django

        django.setup()
        from benchmarks.portal import fill

        if not cluster.is_made:
            fill.fill(fill.Sizes().scaled(scale))
            (cluster.directory / "made").write_text(json.dumps({"seconds": time.monotonic() - begun, "sizes": asdict(fill.Sizes().scaled(scale))}))
        return {**json.loads((cluster.directory / "made").read_text()), **counted()}
    finally:
        leave()
        servers.end(broker.process)
        cluster.stop()


def counted() -> dict[str, Any]:
    from django.db import connection

    from portal.datasets.models import Dataset
    from portal.runs.models import LossPoint, Run, Sample

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()), version()")
        size, version = cursor.fetchone()
    rows = {model.__name__: model._default_manager.count() for model in (Dataset, Run, LossPoint, Sample)}
    return {"rows": rows, "bytes": size, "postgresql": " ".join(version.split()[:2])}


@contextmanager
def running(cluster: servers.Cluster, sockets: Path, cores: set[int]) -> Iterator[dict[str, str]]:
    """The database and a broker on these cores, as is this process; the environment of what uses them."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores & every or every)  # what is started from here on inherits it
    cluster.start(hasty=False)
    broker = servers.Broker(sockets, PLACE / "valkey")
    try:
        yield environment(cluster, broker)
    finally:
        leave()
        servers.end(broker.process)
        cluster.stop()
        os.sched_setaffinity(0, every)


def measure(parts: list[str], cluster: servers.Cluster, sockets: Path, small: bool) -> Iterator[dict[str, Any]]:
    """What each part has found, as soon as it has."""
    every = os.sched_getaffinity(0)
    if {"pages", "streams"} & set(parts):
        from benchmarks.portal import pages, streams

        with running(cluster, sockets, every - {CORE}) as env:
            web = servers.Web(env, CORE, PLACE / "web.txt")
            try:
                if "pages" in parts:
                    yield {"pages": pages.measure(web, 2 if small else pages.TURNS)}
                if "streams" in parts:
                    yield {"streams": streams.measure(web, *((50, 4.0) if small else ()))}
            finally:
                servers.end(web.process)
    if "recorders" in parts:
        from benchmarks.portal import recorders

        with running(cluster, sockets, every) as env:
            yield {"recorders": recorders.measure(env, PLACE, *((8, 10.0) if small else ()))}


def leave() -> None:
    """Give up the pool's connections: the server is about to end."""
    from django.db import connection

    connection.close()
    connection.close_pool()


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor")
    state = {"date": time.strftime("%Y-%m-%d"), "load": round(os.getloadavg()[0], 1)}
    return {"processor": processor, "cores": os.cpu_count(), "python": platform.python_version(), **state}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portal", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows; anything but 1 measures shortly")
    parser.add_argument("--short", action="store_true", help=f"measure shortly, and write a copy of docs/scale.md, {TRIED}, instead")
    parser.add_argument("--only", default="", help=f"of {', '.join(PARTS)}, separated by commas")
    parser.add_argument("--keep", action="store_true", help="keep the cluster for another call")
    parser.add_argument("--table", action="store_true", help="measure nothing, write docs/scale.md from the results there are")
    asked = parser.parse_args()
    parts = asked.only.split(",") if asked.only else list(PARTS)
    if unknown := [name for name in parts if name not in PARTS]:
        raise SystemExit(f"There is no {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
    small = asked.scale != 1 or asked.short
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / ("small.json" if small else "results.json")
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if not asked.table:
        sockets = Path(tempfile.mkdtemp(prefix="ganvas-portal-"))
        cluster = servers.Cluster(PLACE / ("cluster" if asked.scale == 1 else "cluster-small"), sockets)
        try:
            results |= {"machine": machine(), "data": prepare(asked.scale, cluster, sockets)}
            for found in measure(parts, cluster, sockets, small):
                results |= found
                path.write_text(json.dumps(results, indent=1))
        finally:
            cluster.stop()
            if not asked.keep:
                cluster.remove()
            shutil.rmtree(sockets)
    if small:
        shutil.copy(table.PAGE, TRIED)
    table.write(results, TRIED if small else table.PAGE)


if __name__ == "__main__":
    main()
