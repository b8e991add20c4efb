"""Brings database, cache table and static files up to date: `python scripts/prepare.py`. Does nothing where nothing changed.

Run by `make run` before each start; on many machines, once for each new version, before its web processes and workers.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parent.parent
UNUSED = ["django_htmx/ext/*"]  # its comments look like imports of files that are not there


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Bringing the database up to date ...")
        call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def collect() -> None:
    """Collect the static files again if one of the sources was added, changed or removed since the last time."""
    wanted = static_fingerprint()
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("Collecting the static files ...")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)
        stamp.write_text(wanted)


def static_fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            stat = os.stat(storage.path(path))
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    migrate()
    collect()


if __name__ == "__main__":
    main()
