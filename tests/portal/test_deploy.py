"""Security of an installation: Django's own deployment check, and the headers of every answer."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client

from portal import environment as env
from portal.settings import database, kept_secret
from tests import factories

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    wanted = {**os.environ, "GANVAS_VAR": str(tmp_path), "GANVAS_URL": "https://ganvas.example.org"}
    wanted.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the browser tests set it
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    result = subprocess.run(command, cwd=ROOT, env=wanted, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("GANVAS_PROBE", False), "perhaps"),
        (lambda: env.number("GANVAS_PROBE", 1), "many"),
        (lambda: env.number("GANVAS_PROBE", 1), "-1"),
        (lambda: env.integer("GANVAS_PROBE", 1), "1.5"),
        (lambda: env.word("GANVAS_PROBE"), "two words"),
        (lambda: env.limit("GANVAS_PROBE"), "-1"),
        (lambda: database(env.text("GANVAS_PROBE")), "mysql://x"),
    ],
)
def test_nonsense_in_the_environment_stops_the_start(monkeypatch: Any, read: Any, value: str) -> None:
    monkeypatch.setenv("GANVAS_PROBE", value)
    with pytest.raises(ImproperlyConfigured):
        read()


def test_the_secret_key_is_made_once_and_for_its_user_only(tmp_path: Path) -> None:
    first, second = kept_secret(tmp_path / "key"), kept_secret(tmp_path / "key")
    assert first == second and len(first) > 50
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


PAGES = ["/", "/accounts/login/", "/datasets/", "/account/", "/runs/new/", "/api/docs/", "/api/v1/runs/", "/admin/", "/no/page/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_policy(clients: dict[str, Client], path: str) -> None:
    answer = clients["staff"].get(path)
    policy = {name: values for name, *values in (part.split() for part in answer["Content-Security-Policy"].split(";"))}
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["object-src"] == policy["frame-ancestors"] == ["'none'"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


def test_files_of_users_carry_it_too_and_a_type_of_ours(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    for path, kind in (("samples/0/image/", "image/webp"), ("weights/", "application/octet-stream")):
        answer = clients["owner"].get(f"/api/v1/runs/{run.pk}/{path}")
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (kind, "nosniff")
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_cookies_are_not_for_scripts_nor_for_other_sites(owner: Any) -> None:
    client = Client()
    answer = client.post("/accounts/login/", {"login": "olga", "password": "olga-has-a-long-password"})
    cookie = answer.cookies["sessionid"]
    assert (answer.status_code, cookie["httponly"], cookie["samesite"]) == (302, True, "Lax")


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_a_foreign_host_name_is_refused(db: None) -> None:
    assert Client(headers={"host": "evil.example.org"}).get("/health/").status_code == 400
