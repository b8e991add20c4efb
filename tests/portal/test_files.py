"""Files over HTTP: ranges, conditions, streaming."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connections
from django.test import RequestFactory

from portal.files import CHUNK, Chunks, Facts, byte_range, serve
from portal.runs.models import Artifact, Run
from tests import factories
from tests.portal.bodies import body

DATA = bytes(range(256)) * 8
FACTS = Facts("application/octet-stream", etag="abc", filename="weights.safetensors")


@pytest.fixture
def artifact(owner: Any) -> Artifact:
    run = Run(pk="00000000-0000-0000-0000-000000000001", attempt=1)
    artifact = Artifact(run=run, kind="weights", step=1)
    artifact.file.save("runs/files/weights", ContentFile(DATA), save=False)
    return artifact


def get(artifact: Artifact, method: str = "get", **headers: str) -> Any:
    request = getattr(RequestFactory(), method)("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return serve(request, artifact.file, FACTS)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=90-5000", (90, 10)),
        ("bytes=-30", (70, 30)),
        ("bytes=-5000", (0, 100)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("", None),
    ],
)
def test_a_range_is_read(header: str, expected: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_outside_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        byte_range(header, 100)


def test_the_whole_file(artifact: Artifact) -> None:
    answer = get(artifact)
    assert body(answer) == DATA
    assert (answer.status_code, answer["Content-Length"], answer["Accept-Ranges"]) == (200, "2048", "bytes")
    assert answer["ETag"] == '"abc"'
    assert answer["Content-Disposition"] == 'attachment; filename="weights.safetensors"'


def test_a_part_of_it(artifact: Artifact) -> None:
    answer = get(artifact, Range="bytes=100-199")
    assert (answer.status_code, body(answer)) == (206, DATA[100:200])
    assert (answer["Content-Range"], answer["Content-Length"]) == ("bytes 100-199/2048", "100")


def test_parts_make_the_whole(artifact: Artifact) -> None:
    parts = [body(get(artifact, Range=f"bytes={start}-{start + 511}")) for start in range(0, 2048, 512)]
    assert b"".join(parts) == DATA


def test_a_part_that_does_not_exist(artifact: Artifact) -> None:
    answer = get(artifact, Range="bytes=2048-")
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */2048")


@pytest.mark.parametrize(("tag", "status"), [('"abc"', 206), ('"older"', 200), ("Sun, 22 Nov 2026 00:00:00 GMT", 200)])
def test_a_download_goes_on_only_with_the_same_file(artifact: Artifact, tag: str, status: int) -> None:
    assert get(artifact, Range="bytes=5-9", If_Range=tag).status_code == status


@pytest.mark.parametrize(("tag", "status"), [('"abc"', 304), ('W/"abc"', 304), ("*", 304), ('"x", "abc"', 304), ('"older"', 200)])
def test_what_one_has_is_not_sent_again(artifact: Artifact, tag: str, status: int) -> None:
    answer = get(artifact, If_None_Match=tag)
    assert answer.status_code == status
    assert answer["ETag"] == '"abc"'


def test_another_version_than_demanded_is_refused(artifact: Artifact) -> None:
    assert get(artifact, If_Match='"older"').status_code == 412


def test_head_tells_the_size_without_the_file(artifact: Artifact) -> None:
    answer = get(artifact, "head")
    assert (body(answer), answer["Content-Length"], answer["ETag"]) == (b"", "2048", '"abc"')


async def _read(chunks: Chunks) -> list[bytes]:
    return [chunk async for chunk in chunks]


def test_big_files_are_read_in_small_chunks() -> None:
    data = bytes(3 * CHUNK)
    chunks = asyncio.run(_read(Chunks(ContentFile(data), 10, 2 * CHUNK + 7)))
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 7]


def test_the_file_is_closed_when_the_reader_leaves(artifact: Artifact, monkeypatch: Any) -> None:
    opened: list[Any] = []
    before = FileSystemStorage.open

    def noted(*args: Any) -> Any:
        opened.append(before(*args))
        return opened[-1]

    monkeypatch.setattr(FileSystemStorage, "open", noted)
    get(artifact).close()
    get(artifact, "head")
    get(artifact, Range="bytes=9999-")
    assert [file.closed for file in opened] == [True, True, True]


@pytest.mark.parametrize("kind", ["weights", "card"])
def test_a_lost_file_is_not_found(owner: Any, api: Any, kind: str) -> None:
    run = factories.finished_run(owner)
    artifact = run.artifacts.get(kind=kind)
    artifact.file.storage.delete(artifact.file.name)
    assert api.get(f"/api/v1/runs/{run.pk}/{kind}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_server_streams_it(async_client: Any) -> None:
    run = factories.finished_run(factories.make_user("olga"), visibility="public")

    async def download() -> tuple[Any, bytes]:
        answer = await async_client.get(f"/api/v1/runs/{run.pk}/weights/", headers={"Range": "bytes=0-9"})
        data = b"".join([chunk async for chunk in answer.streaming_content])
        await sync_to_async(connections.close_all)()  # of the thread that answered
        return answer, data

    answer, data = asyncio.run(download())
    assert (answer.status_code, answer.is_async, data) == (206, True, DATA[:10])
