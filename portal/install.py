"""Whether an installation is set up rightly: one sentence for each thing that was looked at. Asks what it uses, and changes nothing."""

import importlib.util
import json
import os
import secrets
import shutil
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import redis
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from portal import broker
from portal.workers.models import Worker

LOCAL = {"127.0.0.1", "localhost", "::1"}
LEAST_ROOM, LITTLE_ROOM = 2**30, 20 * 2**30
"""Bytes free: below the first writes will soon fail, below the second it is worth a word."""
KEY_LENGTH = 32
"""Characters of a secret key that cannot be guessed."""


class Finding(NamedTuple):
    level: Literal["well", "warning", "error"]
    sentence: str


def findings() -> list[Finding]:
    """All, in the order in which one would put them right."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        database,
        messages,
        storage,
        secret_key,
        debug,
        address,
        hosts,
        room,
        cache,
        device,
        workers,
        mail,
        webhooks,
    )
    return [finding for look in looks for finding in look()]


def database() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        tables = connection.introspection.table_names()
    except DatabaseError as error:
        yield Finding("error", f"The database does not answer: {_first_line(error)}. Is it running, and is DATABASE_URL right?")
        return
    if missing or settings.CACHES["default"]["LOCATION"] not in tables:
        yield Finding("error", f"The tables are not up to date ({missing} migrations missing). Run scripts/prepare.py database.")
    else:
        yield Finding("well", f"The database answers and is up to date: {connection.display_name}.")


def messages() -> Iterator[Finding]:
    try:
        broker.client().ping()
    except (redis.RedisError, OSError) as error:
        yield Finding("error", f"The broker does not answer: {_first_line(error)}. Is it running, and is REDIS_URL right?")
    else:
        yield Finding("well", "The broker answers.")


def storage() -> Iterator[Finding]:
    content = secrets.token_bytes(1024)
    where = f"the bucket {settings.S3_BUCKET}" if settings.S3_BUCKET else str(settings.MEDIA_ROOT)
    try:
        name = default_storage.save("check-install", ContentFile(content))
        with default_storage.open(name) as file:
            found = file.read()
        default_storage.delete(name)
    except (OSError, BotoCoreError, ClientError) as error:
        yield Finding("error", f"Files cannot be stored in {where}: {_first_line(error)}.")
        return
    if found == content:
        yield Finding("well", f"Files can be stored in {where} and read back.")
    else:
        yield Finding("error", f"A file that was stored in {where} came back as another one. Do all machines mount the same place?")


def secret_key() -> Iterator[Finding]:
    kept = settings.VAR / "secret-key"
    if len(settings.SECRET_KEY) < KEY_LENGTH:
        yield Finding(
            "error", f"The secret key has only {len(settings.SECRET_KEY)} characters, so sessions could be forged. Take at least {KEY_LENGTH}."
        )
    elif not os.environ.get("GANVAS_SECRET_KEY") and kept.stat().st_mode & 0o077:
        yield Finding("error", f"Others on this machine can read the secret key. Run chmod 600 {kept}.")
    else:
        yield Finding("well", "The secret key is long and private.")


def debug() -> Iterator[Finding]:
    if settings.DEBUG:
        yield Finding("error", "GANVAS_DEBUG is on: errors show settings and code to everybody. Turn it off.")
    else:
        yield Finding("well", "Debugging is off.")


def address() -> Iterator[Finding]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme == "https":
        yield Finding("well", f"The address is {settings.PUBLIC_URL}.")
    elif parts.hostname in LOCAL:
        yield Finding("well", f"The address is {settings.PUBLIC_URL}, for this machine only.")
    else:
        yield Finding("error", f"The address is {settings.PUBLIC_URL}: passwords would travel in clear. Give it HTTPS, and say so in GANVAS_URL.")


def hosts() -> Iterator[Finding]:
    wild = [name for name in settings.ALLOWED_HOSTS if "*" in name]
    odd = [name for name in settings.ALLOWED_HOSTS if "/" in name or (name not in ("[::1]", "::1") and ":" in name)]
    if wild:
        yield Finding("error", f"GANVAS_HOSTS has {wild[0]}, by which links in mails could be made to lead elsewhere. Name the hosts.")
    elif odd:
        yield Finding("error", f"GANVAS_HOSTS has {odd[0]}, which never matches: a host name has neither scheme, port nor path.")
    else:
        yield Finding("well", f"It answers to {', '.join(settings.ALLOWED_HOSTS)}.")


def room() -> Iterator[Finding]:
    yield _room(settings.VAR, "the state directory")


def cache() -> Iterator[Finding]:
    place = Path(settings.GANVAS_CACHE)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield Finding("error", f"The cache directory cannot be written: {_first_line(error)}. Training workers need it; see GANVAS_CACHE.")
    else:
        yield _room(place, "the cache directory")


def device() -> Iterator[Finding]:
    if importlib.util.find_spec("torch") is None:
        yield Finding("well", "torch is not installed: this machine trains nothing.")
        return
    asked = subprocess.run([sys.executable, "-m", "worker.device"], cwd=settings.BASE_DIR, env=_environment(), capture_output=True, text=True)
    if asked.returncode:
        said = asked.stderr.strip().rpartition("\n")[2]
        yield Finding("error", f"The device {settings.GANVAS_DEVICE} cannot be used: {said.rstrip('.')}. See GANVAS_DEVICE.")
    else:
        yield Finding("well", f"This machine trains on {json.loads(asked.stdout)['device']}.")


def workers() -> Iterator[Finding]:
    try:
        alive = list(Worker.objects.alive().values_list("name", flat=True))
    except DatabaseError:
        return  # told already
    if alive:
        yield Finding("well", f"Training workers: {', '.join(alive)}.")
    else:
        yield Finding("error", f"No training worker was heard of in the last {settings.GANVAS_LEASE_SECONDS:g} seconds, so no run will start.")


def mail() -> Iterator[Finding]:
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    if not settings.EMAIL_HOST:
        yield Finding("well", "No mail server is set (EMAIL_URL), so no e-mail is sent.")
        return
    try:
        with get_connection():
            pass
    except (OSError, smtplib.SMTPException) as error:
        yield Finding("error", f"The mail server {server} cannot be used: {_first_line(error)}. Is EMAIL_URL right?")
        return
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "." not in sender.rpartition("@")[2]:
        yield Finding("warning", f"The mail server {server} answers, but few servers take mails from {sender}. Set EMAIL_FROM.")
    elif settings.EMAIL_HOST_PASSWORD and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL) and settings.EMAIL_HOST not in LOCAL:
        yield Finding("warning", f"The password of the mail server {server} travels in clear. Take smtp+tls:// or smtps:// in EMAIL_URL.")
    else:
        yield Finding("well", f"The mail server {server} answers.")


def webhooks() -> Iterator[Finding]:
    own = [str(network) for network in settings.GANVAS_WEBHOOK_ALLOW]
    if any(ip_address(one) in network for one in ("127.0.0.1", "::1") for network in settings.GANVAS_WEBHOOK_ALLOW):
        yield Finding("warning", f"Webhooks may reach programs of the ingest workers' own machine, by GANVAS_WEBHOOK_ALLOW: {', '.join(own)}.")
    else:
        yield Finding("well", f"Webhooks may reach public addresses{' and ' + ', '.join(own) if own else ''}.")


def _room(path: Path, what: str) -> Finding:
    free = shutil.disk_usage(path).free
    sentence = f"There are {free / 2**30:.1f} GB free for {what} {path}."
    if free < LEAST_ROOM:
        return Finding("error", f"{sentence} Writes will soon fail.")
    return Finding("warning" if free < LITTLE_ROOM else "well", sentence)


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
