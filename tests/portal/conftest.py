"""People and their clients. `clients` maps stranger, member, owner and staff to a browser that is signed in as such."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests import factories


@pytest.fixture(autouse=True)
def quick_settings(settings: Any) -> None:
    """Cheap password digests; static files by their plain names, for nothing has been collected."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def owner(db: None) -> Any:
    return factories.make_user("olga")


@pytest.fixture
def member(db: None) -> Any:
    return factories.make_user("max")


@pytest.fixture
def staff(db: None) -> Any:
    return factories.make_user("sam", is_staff=True, is_superuser=True)


def _client(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def clients(owner: Any, member: Any, staff: Any) -> dict[str, Client]:
    return {"stranger": _client(None), "member": _client(member), "owner": _client(owner), "staff": _client(staff)}


def _api(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def api(owner: Any) -> APIClient:
    """The owner's calls of the REST API."""
    return _api(owner)


@pytest.fixture
def member_api(member: Any) -> APIClient:
    return _api(member)


@pytest.fixture
def staff_api(staff: Any) -> APIClient:
    return _api(staff)
