"""REST: upload, look at, change and delete datasets."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from portal import queue
from portal.datasets.models import Dataset
from tests import factories


def zipped() -> SimpleUploadedFile:
    return SimpleUploadedFile("pets.zip", factories.archive(), "application/zip")


def upload(api: APIClient, **values: Any) -> Any:
    return api.post("/api/v1/datasets/", {"name": "Pets", **values}, format="multipart")


def test_an_archive_is_stored_as_it_came(api: APIClient) -> None:
    answer = upload(api, archive=zipped(), description="Ours", visibility="members")
    assert answer.status_code == 201
    dataset = Dataset.objects.get(pk=answer.json()["id"])
    assert dataset.archive.read() == factories.archive()
    assert (dataset.archive_name, dataset.visibility, dataset.description) == ("pets.zip", "members", "Ours")
    assert (answer.json()["status"], answer.json()["owner"]) == ("processing", "olga")


def test_the_uploaders_file_name_never_becomes_a_path(api: APIClient) -> None:
    answer = upload(api, archive=SimpleUploadedFile("..%2f..%2fevil.zip", factories.archive()))
    dataset = Dataset.objects.get(pk=answer.json()["id"])
    assert dataset.archive.name == f"datasets/{dataset.pk}/archive"


def test_a_worker_is_woken_after_the_commit(api: APIClient, django_capture_on_commit_callbacks: Any, monkeypatch: Any) -> None:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(queue, "_send", lambda *message: sent.append(message))
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(api, archive=zipped())
        assert sent == []
    assert sent == [(queue.INGEST, answer.json()["id"])]


@pytest.mark.parametrize("field", ["files", "files[]"])
def test_loose_pictures_are_packed_into_one_archive(api: APIClient, field: str) -> None:
    pictures = [SimpleUploadedFile("same.png", factories.encoded(factories.picture(seed))) for seed in range(3)]
    answer = upload(api, **{field: pictures})
    assert answer.status_code == 201
    with zipfile.ZipFile(Dataset.objects.get(pk=answer.json()["id"]).archive) as packed:
        assert [packed.read(name) for name in packed.namelist()] == [factories.encoded(factories.picture(seed)) for seed in range(3)]


def test_nothing_to_upload_is_refused(api: APIClient) -> None:
    answer = upload(api)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "archive"


def test_each_wrong_field_is_named(api: APIClient) -> None:
    answer = api.post("/api/v1/datasets/", {"archive": zipped(), "visibility": "secret"}, format="multipart")
    assert {error["attr"] for error in answer.json()["errors"]} == {"name", "visibility"}


def test_an_archive_over_the_limit_leaves_nothing_behind(api: APIClient, settings: Any) -> None:
    settings.GANVAS_ARCHIVE_BYTES = 100
    answer = upload(api, archive=zipped())
    assert answer.status_code == 400
    assert "the limit is 100" in answer.json()["errors"][0]["detail"]
    assert not Dataset.objects.exists()


def test_a_full_storage_refuses_uploads(owner: Any, api: APIClient) -> None:
    owner.storage_quota = 10
    owner.save()
    answer = upload(api, archive=zipped())
    assert answer.status_code == 400
    assert "Your storage is full" in answer.json()["errors"][0]["detail"]


def test_strangers_upload_nothing(db: None) -> None:
    assert upload(APIClient(), archive=zipped()).status_code == 401


def test_too_many_uploads_a_minute_are_slowed_down(api: APIClient, monkeypatch: Any) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "upload", "2/min")
    answers = [upload(api) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_the_list_costs_a_fixed_number_of_queries(owner: Any, api: APIClient, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        factories.make_dataset(owner, name=f"Pets {number}")
    with django_assert_max_num_queries(4):  # session, user, count, rows
        assert len(api.get("/api/v1/datasets/").json()["results"]) == 12


def test_the_list_is_filtered_and_paged(owner: Any, member: Any, api: APIClient) -> None:
    factories.make_dataset(owner, status="failed")
    factories.make_dataset(member, visibility="public", name="Hers")
    names = [one["name"] for one in api.get("/api/v1/datasets/?owner=max&status=ready").json()["results"]]
    page = api.get("/api/v1/datasets/?page_size=1").json()
    assert names == ["Hers"]
    assert page["count"] == 2 and len(page["results"]) == 1 and "page=2" in page["next"]


def test_it_tells_what_was_found(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner)
    answer = api.get(f"/api/v1/datasets/{dataset.pk}/").json()
    assert answer["classes"] == [{"name": "cats", "count": 3}, {"name": "dogs", "count": 3}]
    assert answer["width"] == {"min": 20, "median": 20, "max": 20}
    assert answer["modes"] == {"RGB": 6}


def test_the_owner_changes_words_and_visibility_only(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner)
    answer = api.patch(f"/api/v1/datasets/{dataset.pk}/", {"name": "Cats", "visibility": "public", "image_count": 99}, format="json")
    dataset.refresh_from_db()
    assert answer.status_code == 200
    assert (dataset.name, dataset.visibility, dataset.image_count) == ("Cats", "public", 6)


def test_a_change_keeps_what_a_worker_wrote_meanwhile(owner: Any, api: APIClient, monkeypatch: Any) -> None:
    from portal.datasets.serializers import DatasetSerializer

    dataset = factories.make_dataset(owner, status="processing", progress=0.1)
    before = DatasetSerializer.update

    def while_a_worker_reports(*args: Any) -> Any:
        Dataset.objects.filter(pk=dataset.pk).update(progress=0.9)
        return before(*args)

    monkeypatch.setattr(DatasetSerializer, "update", while_a_worker_reports)
    api.patch(f"/api/v1/datasets/{dataset.pk}/", {"name": "Cats"}, format="json")
    dataset.refresh_from_db()
    assert (dataset.name, dataset.progress) == ("Cats", 0.9)


def test_others_may_look_but_not_touch(owner: Any, member_api: APIClient) -> None:
    dataset = factories.make_dataset(owner, visibility="members")
    assert member_api.patch(f"/api/v1/datasets/{dataset.pk}/", {"name": "Mine"}, format="json").status_code == 403
    assert member_api.delete(f"/api/v1/datasets/{dataset.pk}/").status_code == 403


def test_deleting_leaves_no_file(api: APIClient, django_capture_on_commit_callbacks: Any) -> None:
    dataset = Dataset.objects.get(pk=upload(api, archive=zipped()).json()["id"])
    default_storage.save(f"{dataset.directory}/deeper/pack", io.BytesIO(b"x"))  # type: ignore[arg-type]
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"/api/v1/datasets/{dataset.pk}/").status_code == 204
    assert not default_storage.exists(dataset.directory)
    assert not Dataset.objects.exists()


def test_deleting_is_refused_while_runs_need_it(owner: Any, member: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner, visibility="members")
    factories.make_run(owner, dataset, name="Mine")
    factories.make_run(member, dataset, name="Hers", visibility="private")
    answer = api.delete(f"/api/v1/datasets/{dataset.pk}/")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["detail"] == "Needed by “Mine” and 1 other. Delete these runs first."
    assert Dataset.objects.filter(pk=dataset.pk).exists()


def test_skipped_files_come_in_order_and_by_reason(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner)
    factories.add_skipped(dataset, 3)
    results = api.get(f"/api/v1/datasets/{dataset.pk}/skipped/").json()["results"]
    assert [one["path"] for one in results] == ["0.txt", "1.txt", "2.txt"]
    assert api.get(f"/api/v1/datasets/{dataset.pk}/skipped/?reason=damaged").json()["count"] == 0
