"""Where a webhook may lead: whatever way an address is written, never into a private network that is not named."""

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from portal.notices import targets

PRIVATE = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0", "0.0.0.0", "localhost"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("[::]", "[::1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]"),
    *("[100::1]", "[2001::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    with pytest.raises(targets.Refused, match="private or reserved"):
        targets.resolve(targets.parse(f"https://{host}:8443/hook"))


@pytest.mark.parametrize("host", ["1.1.1.1", "16843009", "[2606:4700:4700::1111]", "[::ffff:1.1.1.1]"])
def test_public_ones_are_not(host: str) -> None:
    assert targets.resolve(targets.parse(f"https://{host}/"))
    targets.judge(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks", "//1.1.1.1/", "ftp://1.1.1.1/", "http://1.1.1.1/", "https:///x", "https://1.1.1.1:0/", "https://1.1.1.1:99999/"),
        *(
            "https://me:pass@1.1.1.1/",
            "https://me@1.1.1.1/",
            "https://1.1.1.1/a b",
            "https://1.1.1.1/\r\nX: y",
            "https://1.1.1.1/é",
            "https://[1.1.1.1/",
        ),
        *("https://[fe80::1%25eth0]/", "https://a..b/", f"https://{'a' * 64}.org/", "https://1.1.1.1/" + "a" * 500, "https://127.0.0.1\\@1.1.1.1/"),
    ],
)
def test_what_is_no_proper_address_is_refused_at_the_door(url: str) -> None:
    with pytest.raises(targets.Refused):
        targets.judge(url)


def test_a_name_is_judged_when_it_is_resolved_and_all_that_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    targets.judge("https://hooks.example.org/")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(targets.Refused):
        targets.resolve(targets.parse("https://hooks.example.org/"))


def test_an_installation_may_name_its_own_networks(settings: Any) -> None:
    settings.GANVAS_WEBHOOK_ALLOW = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    for url in ("https://10.1.2.3/", "http://10.1.2.3:8080/", "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/"):
        assert targets.resolve(targets.parse(url))
    with pytest.raises(targets.Refused, match="private"):
        targets.resolve(targets.parse("https://192.168.0.1/"))
    with pytest.raises(targets.Refused, match="Without encryption"):
        targets.resolve(targets.parse("http://1.1.1.1/"))
