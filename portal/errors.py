"""Answers of the REST API that the framework does not bring: conflicts with the state of a thing, and wrong settings."""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults
from drf_standardized_errors.handler import ExceptionHandler
from pydantic import ValidationError as SettingsError
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError


class Conflict(APIException):
    """409: the state of the thing forbids it; the detail is a sentence."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Handler(ExceptionHandler):
    """Requests that Django refuses while they are read (too many files or fields) are the caller's error, not ours."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        return ParseError(str(exc)) if isinstance(exc, SuspiciousOperation) else super().convert_known_exceptions(exc)


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """The form of every error."""

    type = serializers.CharField()
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]  # the answer's key, not the serializer's own errors


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 of addresses that no view answers: programs get the form of every error, people a page."""
    return _problem(404, "not_found", "Not found.") if request.path.startswith("/api/") else defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400 of requests that are refused before a view sees them: a foreign host name, too many files or fields."""
    return (
        _problem(400, "bad_request", "This request is not understood.")
        if request.path.startswith("/api/")
        else defaults.bad_request(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponseBase:
    return _problem(500, "error", "Something broke. It has been recorded.") if request.path.startswith("/api/") else defaults.server_error(request)


def _problem(status_code: int, code: str, detail: str) -> JsonResponse:
    kind = "server_error" if status_code >= 500 else "client_error"
    return JsonResponse({"type": kind, "errors": [{"code": code, "detail": detail, "attr": None}]}, status=status_code)


def settings_errors(error: SettingsError) -> dict[str, list[str]]:
    """{field: sentences} of a refused TrainConfig; a whole that does not fit together stands under `non_field_errors`."""
    found: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in problem["loc"]) or "non_field_errors"
        found.setdefault(name, []).append(problem["msg"])
    return found
