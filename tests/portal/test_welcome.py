"""A fresh installation: every page leads to the welcome page, which makes one administrator."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal.accounts.models import User
from portal.accounts.welcome import create_administrator, is_fresh


@pytest.mark.parametrize("page", ["/", "/gallery/", "/datasets/", "/runs/new/", "/accounts/login/", "/admin/", "/no/such/page/"])
def test_every_page_leads_to_the_welcome(db: None, page: str) -> None:
    answer = Client().get(page)
    assert (answer.status_code, answer["Location"]) == (302, "/welcome/")


@pytest.mark.parametrize("address", ["/api/v1/recipes/", "/api/schema/", "/health/"])
def test_programs_are_not_redirected(db: None, address: str) -> None:
    assert Client().get(address).status_code == 200


def test_nobody_is_welcomed_twice(owner: Any) -> None:
    assert Client().get("/gallery/").status_code == 200


def test_the_first_becomes_administrator(db: None) -> None:
    user = create_administrator("ada", "a-long-password", "ada@example.org")
    assert user is not None and user.is_staff and user.is_superuser
    assert Client().login(username="ada", password="a-long-password")
    assert not is_fresh()


def test_the_second_does_not(owner: Any) -> None:
    assert create_administrator("eve", "a-long-password") is None
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_one_does() -> None:
    barrier, made = threading.Barrier(4), []

    def visit(name: str) -> None:
        barrier.wait(10)
        made.append(create_administrator(name, "a-long-password"))
        connection.close()

    threads = [threading.Thread(target=visit, args=(f"visitor{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(user is not None for user in made) == 1
    assert User.objects.count() == 1
