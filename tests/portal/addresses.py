"""Every address of the portal, and what it answers to a stranger, another member, the owner and the staff.

`test_visibility` walks all addresses of the resolver and fails when one is missing here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver

Statuses = dict[str, int]
WHO = ("stranger", "member", "owner", "staff")


def everybody(status: int = 200) -> Callable[[str], Statuses]:
    return lambda visibility: dict.fromkeys(WHO, status)


def signed_in(status: int = 200, stranger: int = 302) -> Callable[[str], Statuses]:
    return lambda visibility: {"stranger": stranger, "member": status, "owner": status, "staff": status}


def signed_out(status: int = 200) -> Callable[[str], Statuses]:
    """For sign-in and the like: whoever is signed in is sent home."""
    return lambda visibility: {"stranger": status, "member": 302, "owner": 302, "staff": 302}


def visible(status: int = 200) -> Callable[[str], Statuses]:
    """Looking at an object: what one may not see does not exist."""
    return lambda visibility: {
        "stranger": status if visibility == "public" else 404,
        "member": 404 if visibility == "private" else status,
        "owner": status,
        "staff": status,
    }


def visible_signed_in(status: int = 200) -> Callable[[str], Statuses]:
    """A page for members that is about an object."""
    return lambda visibility: {**visible(status)(visibility), "stranger": 302}


def owners_page(status: int = 200) -> Callable[[str], Statuses]:
    """A page that changes an object: for all others it does not exist."""
    return lambda visibility: {"stranger": 302, "member": 404, "owner": status, "staff": status}


def owners_call(status: int) -> Callable[[str], Statuses]:
    """A call that changes an object: forbidden to those who may only look."""
    return lambda visibility: {"stranger": 401, "member": 404 if visibility == "private" else 403, "owner": status, "staff": status}


def visible_call(status: int) -> Callable[[str], Statuses]:
    """A call of one's own about an object that one may see."""
    return lambda visibility: {**visible(status)(visibility), "stranger": 401}


@dataclass(frozen=True)
class Address:
    route: str
    expected: Callable[[str], Statuses]
    method: str = "get"
    query: str = ""
    """May name {dataset} and {run}."""
    data: dict[str, Any] = field(default_factory=dict)
    run_status: str = "completed"
    names: dict[str, Any] = field(default_factory=dict)
    """Parts of the address besides those of the object."""

    @property
    def is_of_an_object(self) -> bool:
        return "pk>" in self.route or bool(self.query)


DATASET, RUN = "datasets/<uuid:pk>/", "runs/<uuid:pk>/"
API = "api/v1/"
ACT = "runs/^(?P<pk>[0-9a-f-]{36})/(?P<action>pause|resume|stop|retry|sample|hold|release|up|down)/$"
NEW = {"name": "New", "visibility": "private"}
NOBODYS = {"webhook_id": "00000000-0000-4000-8000-000000000000"}

PAGES = [
    *(Address(route, everybody()) for route in ("", "gallery/", "datasets/", "api/docs/", "api/schema/", "health/", "help/", "status/")),
    Address("welcome/", everybody(302)),
    *(Address(route, signed_in()) for route in ("datasets/new/", "runs/new/", "queue/", "account/")),
    Address("runs/new/", visible_signed_in(), query="?dataset={dataset}"),
    Address("runs/new/", visible_signed_in(), query="?dataset={dataset}&recipe=simpsons"),
    Address("runs/new/", visible_signed_in(), query="?clone={run}"),
    Address("runs/new/", visible_signed_in(302), "post", query="?dataset={dataset}&recipe=simpsons", data={**NEW, "priority": "0"}),
    *(Address(f"runs/new/{ask}/", visible_signed_in(), "post", query="?dataset={dataset}") for ask in ("check", "measure")),
    Address("datasets/samples/<slug:name>/", signed_in(302), "post", names={"name": "digits"}),
    Address("account/tokens/", signed_in(), "post", data={"name": "laptop", "days": "30"}),
    Address("account/tokens/<uuid:pk>/revoke/", signed_in(302), "post"),
    Address("account/mail/", signed_in(302), "post", data={"mail": "never"}),
    Address("account/webhooks/", signed_in(), "post", data={"url": "https://hooks.example.org/"}),
    *(Address(f"account/webhooks/<uuid:webhook_id>/{verb}/", signed_in(404, stranger=302), "post", names=NOBODYS) for verb in ("test", "remove")),
    *(Address(route, everybody(302), "post", data={"theme": "dark", "keys": "off"}) for route in ("account/theme/", "account/keys/")),
    *(Address(DATASET + rest, visible()) for rest in ("", "skipped.csv")),
    *(Address(DATASET + rest, owners_page()) for rest in ("edit/", "delete/")),
    Address(DATASET + "edit/", owners_page(302), "post", data=NEW),
    Address(DATASET + "delete/", owners_page(302), "post"),
    Address(RUN, visible()),
    *(Address(RUN + rest, owners_page()) for rest in ("edit/", "delete/")),
    Address(RUN + "edit/", owners_page(302), "post", data=NEW),
    Address(RUN + "delete/", owners_page(302), "post"),
    Address(RUN + "sample-class/", owners_page(302), "post", data={"label": "cats"}),
    *(
        Address(ACT, owners_page(302), "post", names={"action": action})
        for action in ("pause", "resume", "stop", "retry", "sample", "hold", "release", "up", "down")
    ),
    Address(RUN + "favourites/", visible_signed_in(302), "post"),
    Address(RUN + "pins/", owners_page(302), "post", data={"step": "100"}),
]
ACCOUNTS = [
    *(Address(f"accounts/{page}/", signed_out()) for page in ("login", "signup")),
    *(Address(f"accounts/{page}/", signed_in()) for page in ("logout", "reauthenticate", "email", "password/change")),
    Address("accounts/password/set/", signed_in(302)),
    Address("accounts/login/code/confirm/", everybody(302)),
    *(Address(f"accounts/{page}/", everybody()) for page in ("inactive", "confirm-email")),
    *(Address(f"accounts/password/reset/{page}", everybody()) for page in ("", "done/", "key/done/")),
    Address(r"accounts/^confirm-email/(?P<key>[-:\w]+)/$", everybody(), names={"key": "unknown"}),
    Address(r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", everybody(), names={"uidb36": "1", "key": "unknown"}),
]
CALLS = [
    Address(API + "auth/token/", everybody(400), "post"),
    *(Address(API + route, signed_in(stranger=401)) for route in ("auth/tokens/", "me/", "queue/", "deeds/")),
    Address(API + "auth/tokens/<uuid:token_id>/", signed_in(404, stranger=401), "delete"),
    *(Address(API + f"me/notices/{rest}", signed_in(stranger=401)) for rest in ("", "deliveries/")),
    Address(API + "me/notices/", signed_in(stranger=401), "patch", data={"mail": "never"}),
    Address(API + "me/notices/webhooks/", signed_in(400, stranger=401), "post"),
    Address(API + "me/notices/webhooks/<uuid:webhook_id>/", signed_in(404, stranger=401), "delete", names=NOBODYS),
    Address(API + "me/notices/webhooks/<uuid:webhook_id>/test/", signed_in(404, stranger=401), "post", names=NOBODYS),
    *(Address(API + route, everybody()) for route in ("architectures/", "recipes/", "config-schema/", "datasets/", "runs/")),
    Address(API + "recipes/", visible(), query="?dataset={dataset}"),
    Address(API + "datasets/", signed_in(400, stranger=401), "post"),
    *(Address(API + DATASET + rest, visible()) for rest in ("", "skipped/", "images/", "preview/")),
    Address(API + DATASET + "thumbnails/<int:index>/", visible(), names={"index": 0}),
    Address(API + DATASET, owners_call(200), "patch"),
    Address(API + DATASET, owners_call(409), "delete"),
    *(Address(API + route, signed_in(400, stranger=401), "post") for route in ("runs/", "runs/estimate/")),
    *(
        Address(API + RUN + rest, visible())
        for rest in ("", "losses/", "samples/", "scores/", "log/", "transitions/", "artifacts/", "weights/", "card/")
    ),
    Address(API + RUN + "samples/<int:step>/image/", visible(), names={"step": 0}),
    Address(API + RUN + "samples/<int:step>/nearest/", visible(), query="?tile=0", names={"step": 0}),
    Address(API + RUN + "artifacts/<int:artifact_id>/", visible()),
    Address(API + RUN, owners_call(200), "patch"),
    Address(API + RUN, owners_call(204), "delete"),
    *(Address(API + RUN + verb, owners_call(202), "post", run_status="queued") for verb in ("pause/", "stop/", "hold/")),
    Address(API + RUN + "release/", owners_call(409), "post", run_status="queued"),
    Address(API + RUN + "move/", owners_call(409), "post", data={"direction": "up"}, run_status="queued"),
    Address(API + RUN + "resume/", owners_call(202), "post", run_status="paused"),
    Address(API + RUN + "retry/", owners_call(202), "post", run_status="failed"),
    Address(API + RUN + "sample/", owners_call(202), "post", run_status="running"),
    Address(API + "favourites/", signed_in(stranger=401)),
    Address(API + RUN + "favourites/<int:sample>/<int:tile>/", visible_call(201), "put", names={"tile": 3}),
    Address(API + RUN + "favourites/<int:sample>/<int:tile>/", visible_call(204), "delete", names={"tile": 3}),
    Address(API + RUN + "pins/<int:step>/", owners_call(201), "put", names={"step": 100}),
    Address(API + RUN + "pins/<int:step>/", owners_call(204), "delete", names={"step": 100}),
]
ALL = [*PAGES, *ACCOUNTS, *CALLS]


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(whole route, pattern) of every address."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern
