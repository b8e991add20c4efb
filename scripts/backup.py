"""Saves an installation into a directory while it works, and restores it from there into an empty one. See docs/operate.md.

    python scripts/backup.py save DIRECTORY [--database-only]
    python scripts/backup.py restore DIRECTORY

Files never change once a row names them, and are deleted only after their rows. So all files are copied first, which may take hours,
then the database as it is at one instant, then the few files that its rows name and that came meanwhile.
"""

import argparse
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

    import django

    django.setup()

from django.apps import apps
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import FileField

from portal.accounts.models import User
from portal.accounts.welcome import is_fresh
from portal.datasets.models import Dataset
from portal.runs.models import Artifact, Run, Sample
from scripts import prepare
from worker import returns

DUMPS = {"sqlite": "ganvas.sqlite3", "postgresql": "ganvas.dump"}
FILES, KEY, ABOUT = "media", "secret-key", "backup.json"
TRIES = 3
"""A file may be deleted between the instant of the database and its turn; then both are taken anew."""
Named = tuple[str, int | None]
"""A file of the storage, and its size where the row knows it."""


def save(directory: Path, database_only: bool) -> None:
    """Back up into a directory; one that was used before is brought up to date, and files in it are not copied again."""
    os.umask(0o077)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / FILES).mkdir(exist_ok=True)
    if not database_only:
        for name in stored():
            if not (directory / FILES / name).exists():
                copy((name, None), directory / FILES)
    for _ in range(TRIES):
        named = dump(directory)
        missing = [] if database_only else [one[0] for one in named if not has(one, directory / FILES) and not copy(one, directory / FILES)]
        if not missing:
            break
    if settings.VAR.joinpath(KEY).exists():
        shutil.copyfile(settings.VAR / KEY, directory / KEY)
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    about = {"version": settings.VERSION, "database": connection.vendor, "files": not database_only, "made": made}
    (directory / ABOUT).write_text(json.dumps(about))
    print(f"Saved the database{'' if database_only else f' and {len(named)} files'} in {directory}.")
    if missing:
        print(f"{len(missing)} files that rows name are not in storage, such as {missing[0]}.", file=sys.stderr)


def stored(prefix: str = "") -> Iterator[str]:
    """Names of all files in storage."""
    try:
        directories, files = default_storage.listdir(prefix)
    except FileNotFoundError:
        return
    yield from (f"{prefix}{name}" for name in files)
    for name in directories:
        yield from stored(f"{prefix}{name}/")


def has(one: Named, files: Path) -> bool:
    """The backup has the file, and all of it: in the first pass it may have been copied while it was written."""
    name, size = one
    try:
        return (files / name).stat().st_size == (default_storage.size(name) if size is None else size)
    except FileNotFoundError:
        return False


def copy(one: Named, files: Path) -> bool:
    """Out of the storage; False if it is gone."""
    path = files / one[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source = default_storage.open(one[0], "rb")
    except FileNotFoundError:
        return False
    with source, tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as part:
        shutil.copyfileobj(source, part)
    Path(part.name).rename(path)
    return True


def dump(directory: Path) -> list[Named]:
    """The database at one instant, in place of an earlier one; the files that its rows name."""
    part, path = directory / f".{DUMPS[connection.vendor]}", directory / DUMPS[connection.vendor]
    part.unlink(missing_ok=True)
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            named = names(target.cursor())
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT pg_export_snapshot()")
            postgresql("pg_dump", "--format=custom", f"--snapshot={cursor.fetchone()[0]}", f"--file={part}")
            named = names(cursor)
    part.rename(path)
    return named


def names(cursor: Any) -> list[Named]:
    """Checkpoints come first: of all files they are deleted soonest."""
    found: list[Named] = []
    for model in sorted(apps.get_models(), key=lambda one: one is not Artifact):
        for field in (one for one in model._meta.concrete_fields if isinstance(one, FileField)):
            size = '"bytes"' if model in (Artifact, Sample) else "NULL"
            cursor.execute(f'SELECT "{field.column}", {size} FROM "{model._meta.db_table}" WHERE "{field.column}" <> \'\'')
            found += cursor.fetchall()
    cursor.execute(f'SELECT "id" FROM "{Dataset._meta.db_table}"')
    for (key,) in cursor.fetchall():
        found += [(name, None) for name in stored(f"{Dataset(pk=UUID(str(key))).directory}/")]
    return found


def postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the installation's database."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parent.parent.name))
    found = shutil.which(program) or (str(packaged[-1]) if packaged else "")
    if not found:
        raise SystemExit(f"{program} is not installed here. It comes with PostgreSQL's client.")
    given = connection.settings_dict
    login = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    variables = {name: str(given[key]) for name, key in login.items() if given[key]}
    done = subprocess.run([found, *arguments], env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{program} failed: {done.stderr.strip()}")


def restore(directory: Path) -> None:
    """Make an empty installation what the backup was. Its programs must not run; one that broke off can be repeated."""
    about = json.loads((directory / ABOUT).read_text())
    if about["database"] != connection.vendor:
        raise SystemExit(f"This backup is of {about['database']}, and the database here is {connection.vendor}. Choose the same with DATABASE_URL.")
    if User._meta.db_table in connection.introspection.table_names() and not is_fresh():
        raise SystemExit("This installation is in use. A backup is restored only where there are no accounts yet.")
    if settings.S3_BUCKET:
        prepare.make_bucket()
    for path in (directory / FILES).rglob("*"):
        if path.is_file() and not path.name.startswith(".part-"):
            put(path, path.relative_to(directory / FILES).as_posix())
    if (directory / KEY).exists():
        shutil.copyfile(directory / KEY, settings.VAR / KEY)
    load(directory / DUMPS[connection.vendor])  # what comes after this, the programs do as well when they start
    prepare.database()  # the backup may be of an older version
    for run in Run.objects.active():  # nobody holds them here
        returns.give_back(run, run.attempt, "Restored from a backup")
    print(f"Restored what was saved at {about['made']}. Now start the programs.")


def put(path: Path, name: str) -> None:
    if default_storage.exists(name):
        if default_storage.size(name) == path.stat().st_size:
            return
        default_storage.delete(name)
    with path.open("rb") as file:
        default_storage.save(name, File(file))


def load(dumped: Path) -> None:
    """The whole database in place of the empty one."""
    if connection.vendor == "sqlite":
        connection.close()
        with closing(sqlite3.connect(dumped)) as source, closing(sqlite3.connect(connection.settings_dict["NAME"])) as target:
            source.backup(target)
        return
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'DROP TABLE "{table}" CASCADE')
    postgresql("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", f"--dbname={connection.settings_dict['NAME']}", str(dumped))


def main() -> None:
    parser = argparse.ArgumentParser(prog="backup.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("save", "restore"))
    parser.add_argument("directory", type=Path)
    parser.add_argument("--database-only", action="store_true", help="save no files: the bucket keeps old versions of its own")
    asked = parser.parse_args()
    if asked.what == "save":
        save(asked.directory, asked.database_only)
    else:
        logging.getLogger("portal").setLevel(logging.ERROR)  # that nobody can be told is no news while no program runs
        restore(asked.directory)


if __name__ == "__main__":
    main()
