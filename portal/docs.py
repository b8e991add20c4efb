"""The readable reference of the REST API: a plain page made from the same schema that programs read."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

TITLES = {
    "auth": "Tokens and you",
    "notices": "Being told when a run ends",
    "datasets": "Datasets",
    "catalogue": "What to choose from",
    "runs": "Runs",
    "queue": "The queue",
    "results": "What a run leaves behind",
}

SHOWN = {"200", "201", "202", "204", "206", "302", "409"}
"""Answers worth a line each; the others are the same everywhere."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    kinds: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    description: str
    open: bool
    """No token needed where the thing is public."""
    parameters: tuple[Field, ...]
    body_kinds: str
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """For people."""
    return render(request, "api/docs.html", {"groups": groups(), "operations": _operations(), "base": settings.PUBLIC_URL})


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """For programs: OpenAPI 3.1 as JSON, which readers of YAML understand, too."""
    return HttpResponse(_encoded(), content_type="application/json")


@cache
def schema() -> Any:
    """The OpenAPI document; the same for everybody, so it is made once."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular annotates in part


@cache
def _encoded() -> bytes:
    return bytes(OpenApiJsonRenderer().render(schema()))


@cache
def _operations() -> SafeString:
    """All calls, as the page shows them to everybody."""
    return render_to_string("api/operations.html", {"groups": groups()})


@cache
def groups() -> list[tuple[str, str, list[Operation]]]:
    """(anchor, title, operations) in the order of TITLES."""
    found: dict[str, list[Operation]] = {tag: [] for tag in TITLES}
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(path, method, operation))
    return [(tag, TITLES[tag], operations) for tag, operations in found.items()]


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        description=operation.get("description", ""),
        open={} in operation.get("security", [{}]),
        parameters=tuple(
            Field(one["name"], kind(one["schema"]), one.get("required", False), one.get("description", ""))
            for one in operation.get("parameters", [])
            if one["in"] == "query"
        ),
        body_kinds=" or ".join(content),
        body=_fields(next(iter(content.values()))["schema"]) if content else (),
        answers=tuple(_answer(status, answer) for status, answer in sorted(operation["responses"].items()) if status in SHOWN),
    )


def _answer(status: str, answer: dict[str, Any]) -> Answer:
    content = answer.get("content", {})
    shown = content.get("application/json", {}).get("schema", {})
    return Answer(status, answer.get("description", ""), " or ".join(content), _fields(shown))


def _fields(shape: dict[str, Any]) -> tuple[Field, ...]:
    """The fields of an object, or of the objects in a list."""
    while "$ref" in shape or shape.get("type") == "array":
        shape = shape["items"] if "items" in shape else schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    if "results" in shape.get("properties", {}):
        return _fields(shape["properties"]["results"])
    required = shape.get("required", [])
    return tuple(Field(name, kind(one), name in required, one.get("description", "")) for name, one in shape.get("properties", {}).items())


def kind(shape: dict[str, Any]) -> str:
    """A type in a few words: "integer or null", "list of string"."""
    if "$ref" in shape:
        return str(shape["$ref"].rpartition("/")[2])
    for combined in ("anyOf", "oneOf", "allOf"):
        if combined in shape:
            return " or ".join(kind(one) for one in shape[combined])
    if "enum" in shape or "const" in shape:
        return " | ".join("null" if one is None else str(one) for one in shape.get("enum", [shape.get("const")]))
    name = shape.get("type", "anything")
    if isinstance(name, list):
        return " or ".join(kind({**shape, "type": one}) for one in name)
    if name == "array":
        return f"list of {kind(shape.get('items', {}))}"
    return f"{name} ({shape['format']})" if "format" in shape else str(name)


def add_event_stream(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Hook of the schema: the live stream is answered before Django's views (`portal.live`), so it is described by hand."""
    log = result["paths"]["/api/v1/runs/{id}/log/"]["get"]
    stream = {
        "operationId": "runs_events",
        "description": "What happens to the run, as it happens: `status`, `losses`, `sample`, `score`, `log`, `verdict`; as in the other calls. "
        "`rewound` `{step, message, rewinds}`: training went back, so that points and sheets later than the step no longer hold; they come again.",
        "tags": ["results"],
        "parameters": [one for one in log["parameters"] if one["in"] == "path"],
        "security": log["security"],
        "responses": {
            "200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": ""},
            "404": log["responses"]["404"],
        },
    }
    result["paths"]["/api/v1/runs/{id}/events/"] = {"get": stream}
    return result
