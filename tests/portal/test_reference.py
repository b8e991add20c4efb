"""The schema of the REST API and the page made from it."""

import re
from typing import Any

from django.core.management import call_command
from django.test import Client

from portal.docs import groups, kind


def test_the_schema_is_valid_and_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_it_is_openapi_3_1(owner: Any) -> None:
    document = Client().get("/api/schema/").json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"].keys() >= {"token", "cookieAuth"}


def test_every_call_of_the_contract_is_in_it(owner: Any) -> None:
    calls = {(method, path) for path, methods in Client().get("/api/schema/").json()["paths"].items() for method in methods}
    run, dataset = "/api/v1/runs/{id}/", "/api/v1/datasets/{id}/"
    assert calls >= {
        ("post", "/api/v1/auth/token/"),
        ("get", "/api/v1/auth/tokens/"),
        ("get", "/api/v1/me/"),
        *((method, "/api/v1/me/notices/") for method in ("get", "patch")),
        *((method, dataset) for method in ("get", "patch", "delete")),
        *(("get", f"{dataset}{rest}/") for rest in ("skipped", "images", "preview")),
        *((method, run) for method in ("get", "patch", "delete")),
        *(("post", f"{run}{verb}/") for verb in ("pause", "resume", "stop", "retry", "sample", "hold", "release", "move")),
        ("get", "/api/v1/queue/"),
        *(("get", f"{run}{rest}/") for rest in ("losses", "samples", "log", "transitions", "artifacts", "weights", "card", "events")),
        ("get", "/api/v1/deeds/"),
        ("get", "/api/v1/favourites/"),
        *((method, f"{run}{rest}/") for method in ("put", "delete") for rest in ("favourites/{sample}/{tile}", "pins/{step}")),
    }


def test_every_list_says_that_it_refuses_a_page_that_is_none(owner: Any) -> None:
    paths = Client().get("/api/schema/").json()["paths"]
    lists = [call for calls in paths.values() for call in calls.values() if any(one["name"] == "page_size" for one in call.get("parameters", ()))]
    refusals = {call["operationId"]: call["responses"]["400"]["content"]["application/json"]["schema"].get("$ref", "") for call in lists}
    assert len(lists) > 10 and {name for name, schema in refusals.items() if not schema.endswith("/Problem")} == set()


def test_settings_are_described_in_it(owner: Any) -> None:
    document = Client().get("/api/schema/").text
    assert "Width of the pictures the network draws." in document


def test_the_page_explains_every_call(owner: Any) -> None:
    page = Client().get("/api/docs/").text
    operations = [one for _, _, operations in groups() for one in operations]
    assert len(operations) > 30
    assert all(f'id="{one.id}"' in page and one.description for one in operations)


def test_the_page_needs_nothing_that_its_policy_forbids(owner: Any) -> None:
    page = Client().get("/api/docs/").text
    assert not re.search(r"<script(?![^>]* src=)[^>]*>|<style| style=| on\w+=|(?:src|href)=\"(?:https?:)?//", page)


def test_types_are_told_in_words() -> None:
    assert kind({"type": ["integer", "null"]}) == "integer or null"
    assert kind({"type": "array", "items": {"type": "string", "format": "uuid"}}) == "list of string (uuid)"
    assert kind({"enum": ["crop", "pad", None]}) == "crop | pad | null"
    assert kind({"anyOf": [{"$ref": "#/components/schemas/Run"}, {"type": "null"}]}) == "Run or null"
