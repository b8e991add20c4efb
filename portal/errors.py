"""Answers of the REST API that the framework does not bring: conflicts with the state of a thing, and wrong settings."""

from typing import Any

from pydantic import ValidationError as SettingsError
from rest_framework import serializers, status
from rest_framework.exceptions import APIException


class Conflict(APIException):
    """409: the state of the thing forbids it; the detail is a sentence."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """The form of every error."""

    type = serializers.CharField()
    errors = ErrorSerializer(many=True)


def settings_errors(error: SettingsError) -> dict[str, list[str]]:
    """{field: sentences} of a refused TrainConfig; a whole that does not fit together stands under `non_field_errors`."""
    found: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in problem["loc"]) or "non_field_errors"
        found.setdefault(name, []).append(problem["msg"])
    return found
