"""Who am I, what may I use, what do I use."""

from typing import Any

from rest_framework.test import APIClient

from portal.accounts.models import DeviceTime
from tests import factories


def test_it_needs_somebody(db: None) -> None:
    assert APIClient().get("/api/v1/me/").status_code == 401


def test_it_tells_name_and_the_installations_quota(api: APIClient, settings: Any) -> None:
    settings.GANVAS_QUOTA_BYTES, settings.GANVAS_QUOTA_RUNNING, settings.GANVAS_QUOTA_QUEUED = 1000, 3, 7
    me = api.get("/api/v1/me/").json()
    assert me == {
        "username": "olga",
        "is_staff": False,
        "quota": {"storage_bytes": 1000, "running": 3, "queued": 7, "device_hours": None},
        "usage": {"storage_bytes": 0, "running": 0, "queued": 0, "device_hours": 0},
    }


def test_a_quota_of_ones_own_comes_first(owner: Any, api: APIClient) -> None:
    owner.storage_quota, owner.running_quota, owner.queued_quota, owner.device_hours_quota = 5, 0, 1, 2
    owner.save()
    assert api.get("/api/v1/me/").json()["quota"] == {"storage_bytes": 5, "running": 0, "queued": 1, "device_hours": 2}


def test_usage_counts_datasets_sheets_and_files(owner: Any, member: Any, api: APIClient) -> None:
    run = factories.finished_run(owner, factories.make_dataset(owner, bytes=5000))
    factories.make_run(owner, run.dataset, status="running")
    factories.make_run(owner, run.dataset, held=True)
    DeviceTime.objects.add(owner.pk, 1800)
    factories.finished_run(member)
    stored = 5000 + sum(one.bytes for one in run.samples.all()) + sum(one.bytes for one in run.artifacts.all())
    assert api.get("/api/v1/me/").json()["usage"] == {"storage_bytes": stored, "running": 1, "queued": 1, "device_hours": 0.5}
