"""One HTTP request to a stranger's server: to checked addresses only, no redirects, no proxy, and over after ten seconds whatever the server does,
and five more for its name.

The standard library's client, because it can be handed a connection. A timeout as HTTP libraries have it is one for each read: a server that sends
a byte every nine seconds would keep a worker's thread for hours.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread, Timer

from portal.notices import targets
from worker.undelivered import Undelivered

CONNECT_SECONDS = 5.0
SECONDS = 10.0
READ = 1024
"""Bytes of the answer that are taken, so that small ones are not broken off; nothing is done with them."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer.

    Raises:
        Undelivered: nothing came back, or nothing may be sent there.
    """
    try:
        target = targets.parse(url)
        places = _resolved(target)
    except targets.Refused as error:
        raise Undelivered(str(error)) from None
    except OSError:
        raise Undelivered("The name of its host is not known.") from None
    end = time.monotonic() + SECONDS
    try:
        with _connected(places, end) as connection, _cut_off(connection, end):
            return _exchange(target, connection, body, headers)
    except ssl.SSLCertVerificationError as error:
        raise Undelivered(f"Its certificate is not trusted: {error.verify_message}.") from None
    except ConnectionRefusedError:
        raise Undelivered("Nobody listens there.") from None
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= end:
            raise Undelivered(f"No answer within {SECONDS:.0f} seconds.") from None
        raise Undelivered("The connection broke off, or it does not speak HTTP.") from None


def _resolved(target: targets.Target) -> list[targets.Place]:
    """By a thread of its own, which is left behind if the name server, which may be a stranger's too, lets us wait."""
    answer: Future[list[targets.Place]] = Future()

    def resolve() -> None:
        try:
            answer.set_result(targets.resolve(target))
        except Exception as error:
            answer.set_exception(error)

    Thread(target=resolve, daemon=True, name=f"resolve {target.host}").start()
    return answer.result(CONNECT_SECONDS)


def _connected(places: list[targets.Place], end: float) -> socket.socket:
    """To the first place that answers; else the error of the last one."""
    failure: OSError = TimeoutError()
    for family, place in places:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.001, min(CONNECT_SECONDS, end - time.monotonic())))
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = error
        else:
            connection.settimeout(SECONDS)
            return connection
    raise failure


def _exchange(target: targets.Target, connection: socket.socket, body: bytes, headers: Mapping[str, str]) -> int:
    client: http.client.HTTPConnection
    if target.scheme == "https":
        client = http.client.HTTPSConnection(target.host, target.port)
        client.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=target.host)
    else:
        client = http.client.HTTPConnection(target.host, target.port)
        client.sock = connection
    try:
        client.request("POST", target.path, body, dict(headers))
        answer = client.getresponse()
        with suppress(OSError, http.client.HTTPException):
            answer.read(READ)
        return answer.status
    finally:
        client.close()


@contextmanager
def _cut_off(connection: socket.socket, end: float) -> Iterator[None]:
    """Shut the connection down at that time, by a handle of its own, for TLS takes over the first one."""
    handle = connection.dup()

    def shut() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(0.0, end - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        handle.close()
