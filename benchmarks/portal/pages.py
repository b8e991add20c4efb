"""Fifty requests a second from a client that does not wait for answers: each is sent when it is due, and timed from then."""

import asyncio
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from importlib import import_module
from random import Random
from statistics import median
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from benchmarks.portal.addresses import ALL, MEMBER, STAFF, STRANGER, Address, filled, ids, member
from benchmarks.portal.servers import Web
from portal.accounts.models import User

RATE = 50.0
"""Requests a second, of all addresses together."""
TURNS = 60
"""How often each address is asked."""
ALONE = 10
"""Times that each is asked by itself before."""


@dataclass
class Measured:
    """Milliseconds of one address."""

    alone: list[float] = field(default_factory=list)
    processor: float = 0.0
    """Of the web process, for a request by itself."""
    loaded: list[float] = field(default_factory=list)
    failed: int = 0


def measure(web: Web, turns: int = TURNS) -> dict[str, Any]:
    known, random = ids(), Random(1)
    cookies = {who: _session(who) for who in (STRANGER, MEMBER, STAFF)}
    found: dict[str, Measured] = defaultdict(Measured)
    with httpx.Client(base_url=web.url, timeout=60) as client:
        for address in ALL:
            _ask(client, address, filled(address, known, random), cookies)  # what is compiled once
        for address in ALL:
            before = web.processor_seconds()
            for _ in range(ALONE):
                begun = time.perf_counter()
                _ask(client, address, filled(address, known, random), cookies)
                found[address.title].alone.append(1000 * (time.perf_counter() - begun))
            one = found[address.title]
            one.processor = 1000 * (web.processor_seconds() - before) / ALONE
            print(f"{address.title}: {median(one.alone):.0f} ms alone, {one.processor:.0f} of the processor", flush=True)
    asked = [address for address in ALL for _ in range(turns)]
    random.shuffle(asked)
    before, begun = web.processor_seconds(), time.perf_counter()
    asyncio.run(_load(web, [(address, filled(address, known, random), cookies[address.who]) for address in asked], found))
    seconds = time.perf_counter() - begun
    return {
        "addresses": {title: asdict(one) for title, one in found.items()},
        "seconds": seconds,
        "rate": RATE,
        "core": (web.processor_seconds() - before) / seconds,
        "memory_bytes": web.memory_bytes(),
    }


def _ask(client: httpx.Client, address: Address, path: str, cookies: dict[str, dict[str, str]]) -> None:
    answer = client.get(path, headers=cookies[address.who])
    if answer.status_code != 200:
        raise SystemExit(f"{path} answers {answer.status_code}.")


async def _load(web: Web, asked: list[tuple[Address, str, dict[str, str]]], found: dict[str, Measured]) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=web.url, timeout=60, limits=limits) as client, asyncio.TaskGroup() as group:
        begun = time.perf_counter()
        for number, (address, path, headers) in enumerate(asked):
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(_one(client, due, path, headers, found[address.title]))


async def _one(client: httpx.AsyncClient, due: float, path: str, headers: dict[str, str], measured: Measured) -> None:
    try:
        answer = await client.get(path, headers=headers)
        good = answer.status_code == 200
    except httpx.HTTPError:
        good = False
    measured.failed += not good
    measured.loaded.append(1000 * (time.perf_counter() - due))


def _session(who: str) -> dict[str, str]:
    """Headers of somebody who has signed in."""
    if who == STRANGER:
        return {}
    user = User.objects.filter(is_staff=True).earliest("pk") if who == STAFF else member()
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
