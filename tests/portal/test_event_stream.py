"""The live event stream, read from a real web server with a real broker."""

import re
import socket
import uuid
from pathlib import Path

import httpx
import pytest
from django.test import Client

from portal import broker as channel
from portal.accounts.models import ApiToken
from portal.runs.models import Run
from tests.processes import Broker, Portal, Web, wait_until
from tests.streams import Watcher
from tests.training import launched, person, ready


@pytest.fixture
def run(broker: Broker) -> Run:
    owner = person()
    return launched(owner, ready(owner), steps=1)


@pytest.fixture
def web(installation: Portal, broker: Broker) -> Web:
    return installation.web()


def address(web: Web, run: Run) -> str:
    return f"{web.url}/api/v1/runs/{run.pk}/events/"


def session(user: object) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def test_the_owner_watches_with_the_session_of_the_browser(web: Web, run: Run) -> None:
    watcher = Watcher(address(web, run), session(run.owner))
    channel.publish(run.pk, "status", {"step": 7})
    assert wait_until(lambda: watcher.of("status"), "the message")[0].data == {"step": 7}


def test_a_program_watches_with_a_token(web: Web, run: Run) -> None:
    _, token = ApiToken.objects.create(user=run.owner)
    watcher = Watcher(address(web, run), {"Authorization": f"Token {token}"})
    channel.publish(run.pk, "losses", {"points": [[1, 2.0, 3.0, 4.0]]})
    assert wait_until(lambda: watcher.of("losses"), "the message")[0].data == {"points": [[1, 2.0, 3.0, 4.0]]}


def test_everybody_watches_a_public_run(web: Web, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(visibility="public")
    with httpx.stream("GET", address(web, run)) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"


def test_who_may_not_see_the_run_finds_nothing(web: Web, run: Run) -> None:
    stranger = httpx.get(address(web, run))
    member = httpx.get(address(web, run), headers=session(person("noah")))
    absent = httpx.get(f"{web.url}/api/v1/runs/{uuid.uuid4()}/events/", headers=session(run.owner))
    assert {answer.status_code for answer in (stranger, member, absent)} == {404}
    assert stranger.json() == {"type": "client_error", "errors": [{"code": "not_found", "detail": "Not found.", "attr": None}]}


def test_a_wrong_token_is_said_to_be_wrong(web: Web, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(visibility="public")
    assert httpx.get(address(web, run), headers={"Authorization": "Token gnv_nonsense"}).status_code == 401


def test_an_ended_session_no_longer_opens_the_stream(web: Web, run: Run) -> None:
    client = Client()
    client.force_login(run.owner)
    cookie = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    client.logout()
    assert httpx.get(address(web, run), headers=cookie).status_code == 404


def test_an_unknown_host_name_is_refused(web: Web, run: Run) -> None:
    assert httpx.get(address(web, run), headers={**session(run.owner), "Host": "evil.example"}).status_code == 400


def test_it_rejects_post(web: Web, run: Run) -> None:
    answer = httpx.post(address(web, run))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_messages_of_other_runs_stay_away(web: Web, run: Run) -> None:
    other = launched(run.owner, run.dataset, steps=1)
    watcher = Watcher(address(web, run), session(run.owner))
    channel.publish(other.pk, "status", {"step": 1})
    channel.publish(run.pk, "status", {"step": 2})
    wait_until(lambda: watcher.messages, "a message")
    assert [message.data["step"] for message in watcher.messages] == [2]


def test_many_watchers_cost_one_subscription_and_few_threads(web: Web, run: Run, broker: Broker) -> None:
    Run.objects.filter(pk=run.pk).update(visibility="public")
    lines = f"GET /api/v1/runs/{run.pk}/events/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    port = int(web.url.rpartition(":")[2])
    watchers = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        for watcher in watchers:
            watcher.settimeout(20)
            watcher.sendall(lines)
        for watcher in watchers:
            read_until(watcher, b"listening")
        channel.publish(run.pk, "status", {"step": 3})
        for watcher in watchers:
            read_until(watcher, b'event: status\ndata: {"step":3}\n\n')
        assert [client["psub"] for client in broker.client().client_list(_type="pubsub")] == ["1"]
        threads = int(re.search(r"Threads:\s+(\d+)", Path(f"/proc/{web.process.pid}/status").read_text())[1])
        assert threads < 20
    finally:
        for watcher in watchers:
            watcher.close()


def read_until(connection: socket.socket, words: bytes) -> None:
    received = b""
    while words not in received:
        part = connection.recv(65536)
        assert part, f"The stream ended after {received!r}"
        received += part


def test_when_the_broker_restarts_a_page_that_returns_hears_again(web: Web, run: Run, broker: Broker) -> None:
    first = Watcher(address(web, run), session(run.owner))
    broker.kill()
    assert first.ended.wait(5), "A page must learn that it may be missing messages"
    broker.start()
    second = Watcher(address(web, run), session(run.owner))
    channel.publish(run.pk, "status", {"step": 9})
    assert wait_until(lambda: second.of("status"), "the message")[0].data == {"step": 9}


def test_without_a_broker_the_stream_ends_at_once_and_asks_to_come_back(web: Web, run: Run, broker: Broker) -> None:
    broker.kill()
    answer = httpx.get(address(web, run), headers=session(run.owner), timeout=5)
    assert answer.status_code == 200
    assert re.match(r"retry: \d{4}\n: no live channel", answer.text)


def test_open_streams_do_not_hold_up_the_end_of_the_server(web: Web, run: Run) -> None:
    watcher = Watcher(address(web, run), session(run.owner))
    assert web.process.stop() < 2
    assert watcher.ended.wait(2)
