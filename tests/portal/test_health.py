"""Health: for load balancers."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from portal import health


def test_a_broker_that_is_down_is_said_and_harms_nothing(db: None) -> None:
    answer = Client().get("/health/")
    assert answer.status_code == 200
    assert answer.json() | {"version": ""} == {"status": "ok", "database": True, "broker": False, "version": ""}
    assert "no-store" in answer["Cache-Control"]


def test_a_database_that_is_down_takes_this_node_out(db: None, monkeypatch: Any) -> None:
    class Down:
        def cursor(self) -> None:
            raise DatabaseError

    monkeypatch.setattr(health, "connection", Down())
    answer = Client().get("/health/")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_only_answers_questions(db: None, method: str) -> None:
    assert getattr(Client(), method)("/health/").status_code == 405
