"""Where and how webhooks are posted: to what was judged, under its name, and never for longer than ten seconds."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.accounts.models import User
from portal.notices import webhooks
from portal.notices.models import Delivery
from tests import factories
from tests.receivers import Receiver, dripping
from tests.worker.telling import ended, overdue
from worker import post
from worker.deliver import deliver_due


def test_a_server_that_drips_is_left_after_its_time_and_keeps_back_nobody(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "SECONDS", 0.4)
    with dripping(0.1) as port, Receiver() as receiver:
        karl = factories.make_user("karl")
        for path in ("one", "other"):
            webhooks.add(olga, f"http://127.0.0.1:{port}/{path}")
        webhooks.add(karl, receiver.url)
        for _ in range(3):
            ended(olga)
            ended(karl)
        begun = time.monotonic()
        deliver_due()
        assert time.monotonic() - begun < 2
    assert len(receiver.requests) == 3
    slow = Delivery.objects.exclude(webhook__url=receiver.url)
    tried = slow.exclude(attempts=0)
    assert [*tried.values_list("attempts", "answer")] == [(1, "No answer within 0 seconds.")] and slow.count() == 6, "One of two, once"


def test_a_name_server_that_does_not_answer_is_not_waited_for(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(post, "CONNECT_SECONDS", 0.2)
    webhooks.add(olga, "http://slow.example.org/")
    ended(olga)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(30) and [])
    begun = time.monotonic()
    try:
        deliver_due()
    finally:
        done.set()
    assert time.monotonic() - begun < 5 and Delivery.objects.get().answer == "The name of its host is not known."


def test_a_name_that_resolves_otherwise_a_moment_later_gains_nothing(olga: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.GANVAS_WEBHOOK_ALLOW = [ip_network("127.0.0.2/32")]
    with Receiver(host="127.0.0.2") as allowed, Receiver(host="127.0.0.1") as private:
        private_port, answers = private.port, ["127.0.0.2", "127.0.0.1"]

        def rebind(host: str, port: int, *_: Any, **__: Any) -> Any:
            ip = answers.pop(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port if ip == "127.0.0.2" else private_port))]

        webhooks.add(olga, f"http://rebind.example.org:{allowed.port}/")
        ended(olga)
        monkeypatch.setattr(socket, "getaddrinfo", rebind)
        deliver_due()
        assert [one.headers["Host"] for one in allowed.requests] == [f"rebind.example.org:{allowed.port}"]
        overdue()
        ended(olga)
        deliver_due()
    assert private.requests == [] and "private or reserved" in Delivery.objects.filter(delivered=None).get().answer


def certificate(directory: Path, name: str) -> Path:
    """A file with a key and a certificate for that name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.9"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / f"{name}.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    return file


@pytest.mark.parametrize(
    ("name", "answer"), [("hooks.example.org", "It answered 204 No Content."), ("other.example.org", "Its certificate is not trusted")]
)
def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    olga: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, answer: str
) -> None:
    file = certificate(tmp_path, name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Receiver(tls=tls) as receiver:
        webhooks.add(olga, f"https://hooks.example.org:{receiver.port}/")
        ended(olga)
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))])
        deliver_due()
    assert Delivery.objects.get().answer.startswith(answer)
