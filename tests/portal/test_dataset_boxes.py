"""Boxes of annotations: told on the page and by REST, previewed, and asked for only where there are any."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from gan_core.config import TrainConfig
from portal.datasets.models import Dataset
from tests import factories
from tests.gan_core.images.build import annotation
from worker.ingest import ingest


@pytest.fixture
def dataset(owner: Any) -> Dataset:
    """Six pictures, two of them with three boxes together."""
    marks = {"marks/cats/0.xml": annotation((1, 1, 8, 8), (5, 5, 12, 12)), "marks/dogs/2.xml": annotation((3, 3, 18, 14))}
    return factories.checked_dataset(owner, data=factories.archive(extra=marks))


def shown(api: APIClient, dataset: Dataset, query: str) -> np.ndarray:
    answer = api.get(f"/api/v1/datasets/{dataset.pk}/preview/?width=16&height=16&{query}")
    assert answer.status_code == 200, answer.content
    image = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    return image.reshape(4, 16, 4, 16, 3).transpose(0, 2, 1, 3, 4).reshape(16, 16, 16, 3)


def different(tiles: np.ndarray) -> int:
    return len({tile.tobytes() for tile in tiles})


def test_boxes_are_told_by_rest(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(f"/api/v1/datasets/{dataset.pk}/").json()
    assert (answer["annotated"], answer["boxes"], answer["skipped_count"], answer["image_count"]) == (2, 3, 0, 6)


def test_boxes_are_told_on_the_page_where_there_are_any(dataset: Dataset, owner: Any, clients: dict[str, Client]) -> None:
    page = clients["owner"].get(f"/datasets/{dataset.pk}/").content.decode()
    assert "Boxes of 3 subjects in 2 pictures." in page
    plain = factories.checked_dataset(owner)
    assert "Boxes of" not in clients["owner"].get(f"/datasets/{plain.pk}/").content.decode()


def test_the_preview_shows_subjects_tiles_or_whole_pictures(dataset: Dataset, api: APIClient) -> None:
    whole = shown(api, dataset, "crop_to_boxes=false&tiles=0&tile_scale=1.5")
    boxes = shown(api, dataset, "crop_to_boxes=true")
    tiles = shown(api, dataset, "tiles=3&tile_scale=1")
    assert different(whole) == 6 and not np.array_equal(whole, boxes) and different(boxes) > 6
    pixels = {factories.picture(seed).crop((left, 0, left + 16, 16)).tobytes() for seed in (0, 1, 2, 100, 101, 102) for left in range(5)}
    assert {tile.tobytes() for tile in tiles} <= pixels and different(tiles) > 6


def test_the_preview_of_settings_that_exclude_each_other_is_refused(dataset: Dataset, api: APIClient) -> None:
    answer = api.get(f"/api/v1/datasets/{dataset.pk}/preview/?crop_to_boxes=true&tiles=4&tile_scale=0.5")
    assert {error["attr"] for error in answer.json()["errors"]} == {"tile_scale"}
    answer = api.get(f"/api/v1/datasets/{dataset.pk}/preview/?crop_to_boxes=true&tiles=4")
    assert {error["attr"] for error in answer.json()["errors"]} == {"tiles"}


def test_the_page_of_a_new_run_previews_the_subjects(dataset: Dataset, clients: dict[str, Client]) -> None:
    page = clients["owner"].get(f"/runs/new/?dataset={dataset.pk}&recipe=none").content.decode()
    assert "crop_to_boxes=false" in page and "tiles=0" in page and "tile_scale=1" in page


@pytest.mark.parametrize(
    ("setting", "words"),
    [("crop_to_boxes", "no boxes to cut out"), ("class_balanced", "no classes to balance"), ("conditional", "no classes to learn")],
)
def test_a_run_that_needs_what_the_pictures_lack_is_refused(owner: Any, api: APIClient, setting: str, words: str) -> None:
    plain = factories.make_dataset(owner, classes=[])
    wanted = {"name": "Sunday", "dataset": str(plain.pk), "config": {"steps": 1, setting: True}}
    answer = api.post("/api/v1/runs/", wanted, format="json")
    assert answer.status_code == 400
    (told,) = answer.json()["errors"]
    assert told["attr"].endswith(setting) and words in told["detail"]


def test_a_run_on_boxes_and_balanced_classes_is_taken_where_there_are_both(dataset: Dataset, api: APIClient) -> None:
    wanted = {"name": "Sunday", "dataset": str(dataset.pk), "config": {"steps": 1, "crop_to_boxes": True, "class_balanced": True}}
    assert api.post("/api/v1/runs/", wanted, format="json").status_code == 201


def test_a_dataset_counts_what_a_run_trains_on(owner: Any) -> None:
    rows = factories.make_dataset(owner, image_count=10, annotated=4, boxes=9)
    configs = [TrainConfig(steps=1), TrainConfig(steps=1, crop_to_boxes=True), TrainConfig(steps=1, tiles=20)]
    assert [rows.training_count(config) for config in configs] == [10, 15, 200]


def test_loose_annotations_belong_to_the_loose_pictures_of_their_name(owner: Any, api: APIClient) -> None:
    def file(name: str, data: bytes) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, data, "application/octet-stream")

    picture = [factories.encoded(factories.picture(seed)) for seed in range(3)]
    files = [
        file("b.xml", annotation((1, 1, 5, 5))),
        file("a.png", picture[0]),
        file("b.png", picture[1]),
        file("a.png", picture[2]),
        file("a.xml", annotation((2, 2, 6, 6))),
    ]
    answer = api.post("/api/v1/datasets/", {"name": "Loose", "files[]": files}, format="multipart")
    ingest(answer.json()["id"])
    images = api.get(f"/api/v1/datasets/{answer.json()['id']}/images/").json()["results"]
    assert [one["path"] for one in images] == ["00002-a.png", "00001-b.png", "00004-a.png"]
    dataset = Dataset.objects.get()
    assert (dataset.annotated, dataset.boxes, dataset.skipped_count) == (2, 2, 0)
