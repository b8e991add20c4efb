"""A server of the S3 protocol in a thread of the tests' own, which remembers what it was asked."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET, REGION, KEY, SECRET = "ganvas", "us-east-1", "key", "secret"


class ObjectStore:
    """Running, with an empty bucket."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        """(method, path)"""
        self._answer: Callable[..., Iterable[bytes]] = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._count, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.port}"
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()  # all servers of a process have their files in the same place
        client = boto3.client("s3", endpoint_url=self.endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION)
        client.create_bucket(Bucket=BUCKET)

    def put(self, name: str, modified: datetime) -> None:
        """Have a file that was stored then, without asking the server: thousands of them take no time."""
        key = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(BUCKET, name, b"x")
        key.last_modified = modified.replace(tzinfo=None)

    @property
    def listings(self) -> int:
        """How many portions of names it was asked for."""
        return self.requests.count(("GET", f"/{BUCKET}")) + self.requests.count(("GET", f"/{BUCKET}/"))

    def fetched(self, name: str) -> int:
        """How often the file was fetched."""
        return self.requests.count(("GET", f"/{BUCKET}/{name}"))

    @property
    def variables(self) -> dict[str, str]:
        """The environment of programs that use it."""
        login = {"GANVAS_S3_KEY": KEY, "GANVAS_S3_SECRET": SECRET, "GANVAS_S3_REGION": REGION}
        return {**login, "GANVAS_S3_BUCKET": BUCKET, "GANVAS_S3_ENDPOINT": self.endpoint}

    @property
    def storage(self) -> dict[str, Any]:
        """The entry of STORAGES in a process whose settings are read already."""
        login = {"access_key": KEY, "secret_key": SECRET, "region_name": REGION}
        options = {"bucket_name": BUCKET, "endpoint_url": self.endpoint, "addressing_style": "path", **login}
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _count(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return self._answer(environ, start_response)
