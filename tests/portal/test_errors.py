"""Errors: programs get one form of answer under every address of the API, people get pages."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from portal.errors import server_error


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/runs/7/", "/api/v2/runs/"])
def test_an_unknown_address_of_the_api_answers_in_json(owner: Any, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert answer.json() == {"type": "client_error", "errors": [{"code": "not_found", "detail": "Not found.", "attr": None}]}


def test_an_unknown_page_is_a_page(owner: Any) -> None:
    answer = Client().get("/nothing/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_too_many_files_at_once_are_refused_in_json(api: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile(f"{number}.png", b"x") for number in range(3)]
    answer = api.post("/api/v1/datasets/", {"name": "Many", "files[]": files}, format="multipart")
    assert (answer.status_code, answer.json()["type"]) == (400, "client_error")


def test_a_failure_under_the_api_answers_in_json() -> None:
    answer = server_error(RequestFactory().get("/api/docs/"))
    assert (answer.status_code, json.loads(answer.getvalue())["type"]) == (500, "server_error")


def test_a_page_size_that_is_none_is_refused(api: Any) -> None:
    assert [api.get(f"/api/v1/runs/?page_size={size}").status_code for size in ("0", "x", "1001", "-1", "1" * 40, "")] == [400] * 6
