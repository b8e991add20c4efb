"""Where a webhook may lead: to the world, and into networks of the installation's own only if GANVAS_WEBHOOK_ALLOW names them.

An address is judged by what its name resolves to, each time something is sent, and the connection then goes to exactly what was judged: a name that
answers otherwise a moment later gains nothing. So it does not matter either how an address is written: 2130706433, 0x7f.1 and localhost all
resolve to 127.0.0.1.
"""

import re
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

LONGEST = 500
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
GLOBAL_UNICAST = ip_network("2000::/3")
NOT_PUBLIC = [ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16")]
"""Beyond what the standard library knows: protocol assignments (RFC 6890), and ways into IPv4 by 6to4 and Teredo."""


Place = tuple[socket.AddressFamily, tuple[str, int]]
"""IP address and port."""


class Refused(Exception):
    """Nothing is sent there; `str(error)` is a sentence for its owner."""


class Target(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str
    """With the query."""


def parse(url: str) -> Target:
    """The parts of an address, as far as it can be judged without asking a name server.

    Raises:
        Refused
    """
    if len(url) > LONGEST or not re.fullmatch(r"[!-~]+", url):
        raise Refused(f"An address has at most {LONGEST} characters, without spaces or accents.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise Refused("This is not an address.") from None
    if parts.scheme not in PORTS or (parts.scheme == "http" and not settings.GANVAS_WEBHOOK_ALLOW):
        raise Refused("The address must begin with https://.")
    if not HOST.fullmatch(host) or port == 0:
        raise Refused("This is not an address.")
    if parts.username is not None or parts.password is not None:
        raise Refused("The address must not hold a user name or a password. What is sent is signed instead.")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")


def judge(url: str) -> None:
    """Refuse what can never work when it is entered: besides what `parse` refuses, an address in numbers that is not allowed.

    Raises:
        Refused
    """
    target = parse(url)
    with suppress(OSError):  # of a name, which is judged when something is sent
        resolve(target, socket.AI_NUMERICHOST)


def resolve(target: Target, flags: int = 0) -> list[Place]:
    """Where to connect to: all of it is allowed.

    Raises:
        Refused, OSError when the name is not known.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, flags=flags)
    places: list[Place] = [(family, (str(place[0]), target.port)) for family, _, _, _, place in found]
    for _, (address, _) in places:
        if not is_allowed(address, "https"):
            raise Refused("It leads to a private or reserved address, to which this installation sends nothing.")
        if not is_allowed(address, target.scheme):
            raise Refused("Without encryption nothing is sent there: take https://.")
    return places


def is_allowed(address: str, scheme: str) -> bool:
    """Whether something may be sent to an IP address; without encryption only into the installation's own networks."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in settings.GANVAS_WEBHOOK_ALLOW):
        return True
    return scheme == "https" and is_public(ip)


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """A host of the public Internet: neither private nor loopback, link-local, multicast, reserved or a way round to one of these."""
    if ip.version == 6 and ip not in GLOBAL_UNICAST:
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved) and not any(ip in network for network in NOT_PUBLIC)
