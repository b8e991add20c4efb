"""Downloads from an S3-compatible store, against a real server of its protocol."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer
from rest_framework.test import APIClient

from portal.storage import delete_directory
from tests import factories
from tests.portal.bodies import body

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, settings: Any) -> str:
    boto3.client("s3", endpoint_url=endpoint, **KEYS).create_bucket(Bucket="ganvas")
    options = {
        "bucket_name": "ganvas",
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "addressing_style": "path",
        "signature_version": "s3v4",
    }
    settings.S3_BUCKET = "ganvas"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
    return "ganvas"


def test_weights_are_fetched_from_the_store_itself(bucket: str, owner: Any, api: APIClient) -> None:
    run = factories.finished_run(owner)
    answer = api.get(f"/api/v1/runs/{run.pk}/weights/")
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    fetched = httpx.get(answer["Location"], headers={"Range": "bytes=0-9"})
    assert (fetched.status_code, fetched.content) == (206, bytes(range(10)))
    assert "response-content-disposition=attachment" in answer["Location"].lower()


def test_without_the_right_there_is_no_address(bucket: str, owner: Any, member_api: APIClient) -> None:
    run = factories.finished_run(owner)
    assert member_api.get(f"/api/v1/runs/{run.pk}/weights/").status_code == 404


def test_pictures_come_through_the_portal(bucket: str, owner: Any, api: APIClient) -> None:
    run = factories.finished_run(owner)
    answer = api.get(f"/api/v1/runs/{run.pk}/samples/0/image/")
    assert (answer.status_code, body(answer)) == (200, run.samples.get(step=0).image.read())


def test_a_lost_picture_is_not_found(bucket: str, owner: Any, api: APIClient) -> None:
    run = factories.finished_run(owner)
    default_storage.delete(run.samples.get(step=0).image.name)
    assert api.get(f"/api/v1/runs/{run.pk}/samples/0/image/").status_code == 404


def test_a_directory_is_deleted_whole(bucket: str, owner: Any) -> None:
    run, other = factories.finished_run(owner), factories.finished_run(owner)
    delete_directory(run.directory)
    assert default_storage.listdir(run.directory) == ([], [])
    assert default_storage.exists(other.samples.get(step=0).image.name)
