"""A database that restarts costs nobody a request; while it is away people and programs are told so, and afterwards all is well."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test import Client

from portal.errors import is_database_away
from tests import factories
from tests.processes import database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def short_wait() -> Iterator[None]:
    """Of a request for a connection, or for the writer of SQLite."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=50")
            yield
            cursor.execute("PRAGMA busy_timeout=20000")
        return
    pool = connection.settings_dict["OPTIONS"]["pool"]
    kept = dict(pool)
    pool |= {"timeout": 1, "reconnect_timeout": 0.1}
    connection.close()
    connection.close_pool()
    yield
    pool |= kept
    connection.close()
    connection.close_pool()


def administrator() -> Any:
    """Of PostgreSQL, connected to another database."""
    return psycopg.connect(database_url().rpartition("/")[0] + "/postgres", autocommit=True)


def end_all(admin: Any) -> None:
    ours, name = "FROM pg_stat_activity WHERE datname = %s", [connection.settings_dict["NAME"]]
    admin.execute(f"SELECT pg_terminate_backend(pid) {ours}", name)
    wait_until(lambda: admin.execute(f"SELECT count(*) {ours}", name).fetchone() == (0,), "all connections to end")


def restart() -> None:
    """PostgreSQL ends all connections, of which the pool has several; SQLite lets nobody in for a moment."""
    if connection.vendor == "sqlite":
        writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
        writer.execute("BEGIN EXCLUSIVE")
        threading.Timer(0.3, writer.close).start()
        return
    connection.close()
    taken = [connection.pool.getconn() for _ in range(4)]
    for one in taken:
        connection.pool.putconn(one)
    with administrator() as admin:
        end_all(admin)


@contextmanager
def away() -> Iterator[None]:
    """The database lets nobody in."""
    if connection.vendor == "sqlite":
        writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        yield
        writer.close()
        return
    connection.close()
    name = connection.settings_dict["NAME"]
    with administrator() as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            end_all(admin)
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def launch(api: Any, dataset: Any) -> Any:
    return api.post("/api/v1/runs/", {"name": "Sunday", "dataset": str(dataset.pk), "recipe": "simpsons"}, format="json")


def test_a_launch_right_after_a_restart_succeeds_at_once(owner: Any, api: Any) -> None:
    dataset = factories.make_dataset(owner)
    restart()
    begun = time.monotonic()
    assert launch(api, dataset).status_code == 201
    assert time.monotonic() - begun < 5  # the pool's own check sleeps for 1, 2 and 4 seconds


def test_while_it_is_away_all_are_told_and_afterwards_all_is_well(owner: Any, api: Any, short_wait: None, caplog: Any) -> None:
    dataset = factories.make_dataset(owner)
    browser = Client(raise_request_exception=False)
    browser.force_login(owner)
    api.raise_request_exception = False
    with away():
        told, page = launch(api, dataset), browser.post(f"/datasets/{dataset.pk}/delete/")
    assert (told.status_code, told.json()["type"], told.json()["errors"][0]["code"]) == (503, "server_error", "unavailable")
    assert page.status_code == 503 and "Back in a moment" in page.content.decode()
    assert (told["Retry-After"], page["Retry-After"]) == ("5", "5")
    assert [record.exc_info is not None for record in caplog.records if record.name == "django.request"] == [True, True]
    assert launch(api, dataset).status_code == 201
    assert browser.get("/").status_code == 200


def test_a_query_that_is_wrong_is_not_a_database_that_is_away() -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as wrong:
        cursor.execute("SELECT * FROM nowhere")
    assert not is_database_away(wrong.value)
