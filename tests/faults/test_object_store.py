"""Files in an S3-compatible storage: any node finds what another has left."""

import os
import signal
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from portal.accounts.models import User
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.processes import Broker, Portal, wait_until
from tests.training import checked, launched
from worker import prepared


@pytest.fixture
def bucket(installation: Portal, settings: object) -> Iterator[None]:
    """Storage of this process, and of what is started from now on."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "GANVAS_S3_BUCKET": "ganvas",
        "GANVAS_S3_ENDPOINT": f"http://{host}:{port}",
        "GANVAS_S3_REGION": "us-east-1",
        "GANVAS_S3_KEY": "key",
        "GANVAS_S3_SECRET": "secret",
        "GANVAS_CACHE": str(installation.directory / "another-nodes-disk"),
    }
    installation.environment |= variables
    access = {"endpoint_url": variables["GANVAS_S3_ENDPOINT"], "region_name": "us-east-1"}
    boto3.client("s3", aws_access_key_id="key", aws_secret_access_key="secret", **access).create_bucket(Bucket="ganvas")
    options = {"bucket_name": "ganvas", "access_key": "key", "secret_key": "secret", "addressing_style": "path", **access}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
    yield
    server.stop()


def test_kill_9_of_the_runs_process_with_files_in_an_object_store(installation: Portal, broker: Broker, bucket: None, owner: User) -> None:
    dataset = checked(owner)
    installation.worker()
    run = launched(owner, dataset, steps=a_while())
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    os.kill(process_of(run), signal.SIGKILL)
    finish(run, installation)
    assert run.attempt == 2
    assert not list(prepared.WORK.glob(f"{run.pk}_*")), "Nothing of it was on this process's disk"
    assert_as_if_undisturbed(run)
