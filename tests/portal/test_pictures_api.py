"""REST: a really checked dataset's pictures, thumbnails and preview."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from portal.datasets import pictures
from portal.datasets.models import Dataset
from tests import factories


@pytest.fixture
def dataset(owner: Any) -> Dataset:
    return factories.checked_dataset(owner)


def address(dataset: Dataset, rest: str) -> str:
    return f"/api/v1/datasets/{dataset.pk}/{rest}"


def test_pictures_are_listed_with_class_size_and_thumbnail(dataset: Dataset, api: APIClient) -> None:
    results = api.get(address(dataset, "images/")).json()["results"]
    assert [one["label"] for one in results] == ["cats"] * 3 + ["dogs"] * 3
    assert results[0] == {
        "index": 0,
        "path": "cats/0.png",
        "label": "cats",
        "width": 20,
        "height": 16,
        "thumbnail": address(dataset, "thumbnails/0/"),
    }


def test_pictures_of_one_class(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(address(dataset, "images/?label=dogs&page_size=2")).json()
    assert (answer["count"], [one["path"] for one in answer["results"]]) == (3, ["dogs/0.png", "dogs/1.png"])


def test_the_skipped_file_is_told(dataset: Dataset, api: APIClient) -> None:
    assert api.get(address(dataset, "skipped/")).json()["results"] == [{"path": "notes.txt", "reason": "not_an_image", "detail": ""}]


def test_a_thumbnail_shows_the_picture(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(address(dataset, "thumbnails/3/"))
    shown = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    assert answer["Content-Type"] == "image/webp"
    assert (shown == np.asarray(factories.picture(100))).all()


def test_a_thumbnail_is_sent_once(dataset: Dataset, api: APIClient) -> None:
    first = api.get(address(dataset, "thumbnails/0/"))
    again = api.get(address(dataset, "thumbnails/0/"), HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("index", [6, 10**30])
def test_there_is_no_further_thumbnail(dataset: Dataset, api: APIClient, index: int) -> None:
    assert api.get(address(dataset, f"thumbnails/{index}/")).status_code == 404


def test_the_preview_is_sixteen_pictures_as_the_network_sees_them(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(address(dataset, "preview/?width=24&height=32&channels=grey&fit=pad&background=%23000000"))
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.size, shown.mode, answer["Content-Type"]) == ((96, 128), "L", "image/png")


def test_another_seed_shows_other_pictures(dataset: Dataset, api: APIClient) -> None:
    first, same, other = (api.get(address(dataset, f"preview/?width=16&height=16&shuffle={seed}")) for seed in (1, 1, 2))
    assert first.content == same.content != other.content
    assert first["ETag"] == same["ETag"] != other["ETag"]


def test_each_wrong_setting_of_the_preview_is_named(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(address(dataset, "preview/?width=7&fit=squeeze&background=white"))
    assert answer.status_code == 400
    assert {error["attr"] for error in answer.json()["errors"]} == {"width", "fit", "background"}


@pytest.mark.parametrize("rest", ["images/", "thumbnails/0/", "preview/"])
def test_unchecked_pictures_are_a_conflict(owner: Any, api: APIClient, rest: str) -> None:
    assert api.get(address(factories.make_dataset(owner, status="processing"), rest)).status_code == 409


def test_redrawing_the_preview_without_end_is_slowed_down(owner: Any, api: APIClient, monkeypatch: Any) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "preview", "2/min")
    dataset = factories.make_dataset(owner, status="processing")
    assert [api.get(address(dataset, "preview/")).status_code for _ in range(3)] == [409, 409, 429]


def test_a_process_keeps_the_manifests_of_so_many_pictures(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "KEPT_PICTURES", 12)  # of two datasets
    first, second, third = (factories.checked_dataset(owner) for _ in range(3))
    before = pictures.manifest(first)
    assert pictures.manifest(second) is pictures.manifest(second)
    assert pictures.manifest(first) is before
    pictures.manifest(third)
    assert pictures.manifest(first) is before, "It was used later than the second one"
    assert list(pictures._manifests) == [f"{pictures.place(one)}/manifest.json.gz" for one in (third, first)]
