"""`manage.py check_install`: each thing that can be wrong is said in words, and errors are told by the exit code."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder

from portal import install
from portal.workers.models import Worker
from tests.processes import ROOT, Broker, Portal
from tests.receivers import mail_server


def told(look: str) -> tuple[str, str]:
    """Level and sentence of the only finding."""
    (finding,) = getattr(install, look)()
    return finding.level, finding.sentence


@pytest.fixture
def well(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An installation whose settings are right, with room and a worker."""
    monkeypatch.setenv("GANVAS_SECRET_KEY", settings.SECRET_KEY)
    settings.GANVAS_CACHE = tmp_path / "cache"
    free(monkeypatch, 100 * 2**30)
    Worker.objects.create(name="gpu0@here")
    return settings


def free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, count))


def test_all_is_well_and_said_to_be(installation: Portal, broker: Broker, well: Any) -> None:
    out = StringIO()
    call_command("check_install", stdout=out)
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:-2]] == ["well"] * 13
    assert lines[-1] == "Nothing is wrong."
    assert "Training workers: gpu0@here." in out.getvalue() and "This machine trains on CPU" in out.getvalue()


def test_a_database_that_is_away_and_the_exit_code() -> None:
    environment = {**os.environ, "DATABASE_URL": "sqlite:////nowhere/ganvas.sqlite3", "REDIS_URL": "unix:///nowhere/valkey.sock"}
    done = subprocess.run([sys.executable, "manage.py", "check_install"], cwd=ROOT, env=environment, capture_output=True, text=True)
    errors = [line.removeprefix("error").strip() for line in done.stdout.splitlines() if line.startswith("error")]
    assert done.returncode == 1, done.stderr
    assert errors[0] == "The database does not answer: unable to open database file. Is it running, and is DATABASE_URL right?"
    assert errors[1].startswith("The broker does not answer: ")
    assert done.stdout.splitlines()[-1] == f"{len(errors)} things are wrong."


def test_a_broker_that_is_away(installation: Portal) -> None:
    level, sentence = told("messages")
    assert level == "error" and sentence.startswith("The broker does not answer: ") and sentence.endswith("is REDIS_URL right?")


def test_a_database_that_is_behind(db: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="workers").delete()
    level, sentence = told("database")
    assert level == "error" and "migrations missing). Run scripts/prepare.py database." in sentence


def test_storage_that_cannot_be_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    settings.STORAGES = {**settings.STORAGES, "default": filesystem(settings.MEDIA_ROOT)}
    assert told("storage") == ("error", f"Files cannot be stored in {settings.MEDIA_ROOT}: [Errno 20] Not a directory: '{settings.MEDIA_ROOT}'.")


def test_storage_that_gives_back_something_else(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": filesystem(tmp_path)}
    monkeypatch.setattr(install.secrets, "token_bytes", lambda count: Shifting(b"one"))
    level, sentence = told("storage")
    assert level == "error" and sentence.endswith("came back as another one. Do all machines mount the same place?")


class Shifting(bytes):
    """What is stored is never what was meant."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = bytes.__hash__


def filesystem(location: Path) -> dict[str, Any]:
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": location}}


def test_a_secret_key_that_is_short(settings: Any) -> None:
    settings.SECRET_KEY = "secret"
    assert told("secret_key") == ("error", "The secret key has only 6 characters, so sessions could be forged. Take at least 32.")


def test_a_secret_key_that_others_can_read(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    path = tmp_path / "secret-key"
    path.write_text(settings.SECRET_KEY)
    path.chmod(0o644)
    assert told("secret_key") == ("error", f"Others on this machine can read the secret key. Run chmod 600 {path}.")
    path.chmod(0o600)
    assert told("secret_key")[0] == "well"


def test_debugging(settings: Any) -> None:
    settings.DEBUG = True
    assert told("debug") == ("error", "GANVAS_DEBUG is on: errors show settings and code to everybody. Turn it off.")


@pytest.mark.parametrize(
    ("url", "level"), [("https://ganvas.example.org", "well"), ("http://127.0.0.1:8000", "well"), ("http://ganvas.example.org", "error")]
)
def test_an_address_without_https_for_others(settings: Any, url: str, level: str) -> None:
    settings.PUBLIC_URL = url
    assert told("address")[0] == level
    assert ("passwords would travel in clear" in told("address")[1]) == (level == "error")


@pytest.mark.parametrize(
    ("name", "level", "words"),
    [
        ("ganvas.example.org", "well", "It answers to 127.0.0.1, [::1], ganvas.example.org."),
        ("*", "error", "GANVAS_HOSTS has *, by which links in mails could be made to lead elsewhere. Name the hosts."),
        ("https://a.org", "error", "GANVAS_HOSTS has https://a.org, which never matches: a host name has neither scheme, port nor path."),
        ("a.org:80", "error", "GANVAS_HOSTS has a.org:80, which never matches: a host name has neither scheme, port nor path."),
    ],
)
def test_hosts(settings: Any, name: str, level: str, words: str) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "[::1]", name]
    assert told("hosts") == (level, words)


@pytest.mark.parametrize(("gigabytes", "level"), [(0.5, "error"), (10, "warning"), (30, "well")])
def test_room_on_both_disks(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gigabytes: float, level: str) -> None:
    settings.GANVAS_CACHE = tmp_path
    free(monkeypatch, int(gigabytes * 2**30))
    for look, what in (("room", f"the state directory {settings.VAR}"), ("cache", f"the cache directory {tmp_path}")):
        assert told(look) == (level, f"There are {gigabytes:.1f} GB free for {what}.{' Writes will soon fail.' if level == 'error' else ''}")


def test_a_cache_directory_that_cannot_be_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.GANVAS_CACHE = tmp_path / "file" / "cache"
    level, sentence = told("cache")
    assert level == "error" and sentence.startswith("The cache directory cannot be written: ") and sentence.endswith("see GANVAS_CACHE.")


def test_a_device_that_is_not_there(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_DEVICE", "cuda:7")
    settings.GANVAS_DEVICE = "cuda:7"
    level, sentence = told("device")
    assert level == "error" and sentence.startswith("The device cuda:7 cannot be used: ") and sentence.endswith("See GANVAS_DEVICE.")


def test_a_machine_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    assert told("device") == ("well", "torch is not installed: this machine trains nothing.")


def test_no_worker(db: None, settings: Any) -> None:
    settings.GANVAS_LEASE_SECONDS = 30
    assert told("workers") == ("error", "No training worker was heard of in the last 30 seconds, so no run will start.")


def test_no_mail_server_is_nothing_wrong(settings: Any) -> None:
    assert told("mail") == ("well", "No mail server is set (EMAIL_URL), so no e-mail is sent.")


@pytest.mark.parametrize(
    ("sender", "tls", "level", "words"),
    [
        ("Ganvas <ganvas@example.org>", False, "well", "The mail server 127.0.0.1:{} answers."),
        (
            "ganvas@localhost",
            False,
            "warning",
            "The mail server 127.0.0.1:{} answers, but few servers take mails from ganvas@localhost. Set EMAIL_FROM.",
        ),
        (
            "ganvas@example.org",
            True,
            "error",
            "The mail server 127.0.0.1:{} cannot be used: STARTTLS extension not supported by server. Is EMAIL_URL right?",
        ),
    ],
)
def test_a_mail_server(settings: Any, sender: str, tls: bool, level: str, words: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = sender
    with mail_server() as (port, _):
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, tls
        assert told("mail") == (level, words.format(port))
    settings.EMAIL_USE_TLS = False
    assert told("mail")[0] == "error"  # nobody listens any more


@pytest.mark.parametrize(("network", "level"), [("10.0.0.0/8", "well"), ("127.0.0.1/32", "warning"), ("0.0.0.0/0", "warning"), ("::/0", "warning")])
def test_webhooks_that_may_reach_the_machine_itself(settings: Any, network: str, level: str) -> None:
    settings.GANVAS_WEBHOOK_ALLOW = [ip_network(network)]
    assert told("webhooks")[0] == level and network in told("webhooks")[1]
