"""Answers that the frameworks do not bring: conflicts with the state of a thing, wrong settings, a database that is away."""

import sqlite3
import sys
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from drf_standardized_errors.handler import ExceptionHandler
from pydantic import ValidationError as SettingsError
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError

from portal.postgres import has_ended


class Conflict(APIException):
    """409: the state of the thing forbids it; the detail is a sentence."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class DatabaseAway(APIException):
    """503: the same request will succeed once the database is back."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    why = "The database does not answer at the moment."
    remedy = "Nothing is half done; try again in a moment."
    default_detail = f"{why} {remedy}"
    wait = 5
    """Seconds, sent as Retry-After."""


_SQLITE_PASSING = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY),
}
_POSTGRES_PASSING = {"08", "40", "53", "55", "57"}
"""Classes of SQLSTATE: connection lost, transaction rolled back, no room, lock not to be had, server shut down."""


def is_database_away(error: BaseException | None) -> bool:
    """Whether what failed in the database would succeed later. What is wrong with a query or a table stays so."""
    if error is not None and has_ended(error):
        return True
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _SQLITE_PASSING  # the rest tells more of the same error
    state = getattr(cause, "sqlstate", None)
    return state is None or state[:2] in _POSTGRES_PASSING  # none: there was no server to say one


class Handler(ExceptionHandler):
    """Requests that Django refuses while they are read (too many files or fields) are the caller's error, not ours."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if is_database_away(exc):
            return DatabaseAway()
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
    """503 while the database is away, which may show before any view is reached; else 500. Django logs either with its traceback."""
    if is_database_away(sys.exc_info()[1]):
        return _unavailable(request, DatabaseAway.why)
    return _problem(500, "error", "Something broke. It has been recorded.") if request.path.startswith("/api/") else defaults.server_error(request)


def busy(request: HttpRequest) -> HttpResponseBase:
    """503 of requests that have waited too long for their turn; why the others take so long, nobody knows here."""
    return _unavailable(request, "More is asked at the moment than can be answered.")


def _unavailable(request: HttpRequest, why: str) -> HttpResponseBase:
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = _problem(DatabaseAway.status_code, DatabaseAway.default_code, f"{why} {DatabaseAway.remedy}")
    else:
        answer = HttpResponse(render_to_string("503.html", {"why": why}), status=DatabaseAway.status_code)
    answer["Retry-After"] = str(DatabaseAway.wait)
    return answer


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
