"""Brings database, file storage and static files up to date; does nothing where nothing changed.

python scripts/prepare.py               all, as `make run` does before each start
python scripts/prepare.py database      tables and bucket: once for each new version, before its programs start
python scripts/prepare.py static        the static files of one machine or image
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parent.parent
UNUSED = ["django_htmx/ext/*"]  # its comments look like imports of files that are not there


def database() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Bringing the database up to date ...")
        call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    if settings.S3_BUCKET:
        make_bucket()


def make_bucket() -> None:
    client = default_storage.connection.meta.client  # type: ignore[attr-defined]  # the S3 storage has it
    if settings.S3_BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        print(f"Making the bucket {settings.S3_BUCKET} ...")
        client.create_bucket(Bucket=settings.S3_BUCKET)


def static() -> None:
    """Collect the static files again if one of the sources was added, changed or removed since the last time."""
    wanted = fingerprint_of_sources()
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("Collecting the static files ...")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)
        stamp.write_text(wanted)


def fingerprint_of_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            digest.update(f"{path}\n".encode() + hashlib.sha256(Path(storage.path(path)).read_bytes()).digest())
    return digest.hexdigest()


def main() -> None:
    steps = {"database": database, "static": static}
    wanted = sys.argv[1:] or list(steps)
    if not set(wanted) <= set(steps):
        sys.exit(f"Usage: prepare.py [{'] ['.join(steps)}]")
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    for name in wanted:
        steps[name]()


if __name__ == "__main__":
    main()
