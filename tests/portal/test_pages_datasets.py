"""Pages of datasets: upload without scripts, the wall of pictures, what was skipped, delete."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.datasets import facts
from portal.datasets.models import Dataset, SkippedFile
from tests import factories

FORM = {"name": "Pets", "description": "", "visibility": "private"}


def picture(name: str, seed: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.encoded(factories.picture(seed)), "image/png")


def test_a_zip_is_uploaded_by_a_plain_form(owner: Any, clients: dict[str, Client]) -> None:
    file = SimpleUploadedFile("summer-pets.zip", factories.archive(), "application/zip")
    response = clients["owner"].post("/datasets/new/", {**FORM, "name": "", "pictures": [file]})
    dataset = Dataset.objects.get()
    assert response["Location"] == f"/datasets/{dataset.pk}/"
    assert (dataset.name, dataset.archive_name, dataset.status) == ("summer pets", "summer-pets.zip", "processing")


def test_loose_pictures_are_packed(owner: Any, clients: dict[str, Client]) -> None:
    clients["owner"].post("/datasets/new/", {**FORM, "pictures": [picture("a.png", 1), picture("b.png", 2)]})
    assert Dataset.objects.get().archive.read(2) == b"PK"


def test_nothing_chosen_is_said_at_the_field(owner: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post("/datasets/new/", FORM)
    assert response.status_code == 422
    assert "Choose a zip, or some pictures." in response.content.decode()
    assert not Dataset.objects.exists()


def test_a_full_storage_is_said_in_words(owner: Any, clients: dict[str, Client], settings: Any) -> None:
    settings.GANVAS_QUOTA_BYTES = 10
    response = clients["owner"].post("/datasets/new/", {**FORM, "pictures": [picture("a.png", 1)]})
    assert "Your storage is full" in response.content.decode()


def test_the_page_shows_pictures_classes_and_what_was_skipped(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    text = clients["owner"].get(f"/datasets/{dataset.pk}/").content.decode()
    assert text.count(f"/api/v1/datasets/{dataset.pk}/thumbnails/") == 2 * 6
    assert "notes.txt" in text
    assert "Not a picture" in text
    assert "?class=cats" in text


def test_classes_filter_the_wall(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    page = clients["owner"].get(f"/datasets/{dataset.pk}/?class=dogs")
    assert {shown["class"] for shown in page.context["pictures"]} == {"dogs"}
    assert len(page.context["pictures"]) == 3


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 54, 100, 5000])
def test_a_mixed_wall_shows_every_picture_once_and_classes_soon(count: int) -> None:
    order = facts.mixed(range(count))
    assert sorted(order) == list(range(count))
    if count == 5000:
        assert {index // 500 for index in order[:18]} == set(range(10))


def test_an_unknown_class_shows_all(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    assert len(clients["owner"].get(f"/datasets/{dataset.pk}/?class=unicorns").context["pictures"]) == 6


def test_skipped_files_are_filtered_by_reason(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner, status="failed", error="No pictures.", skipped_count=2)
    for position, reason in enumerate(("damaged", "link")):
        SkippedFile.objects.create(dataset=dataset, position=position, path=f"{reason}.png", reason=reason)
    page = clients["owner"].get(f"/datasets/{dataset.pk}/?reason=link")
    assert [row.path for row in page.context["skipped"]] == ["link.png"]


def test_the_csv_cannot_start_a_formula(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner, skipped_count=1)
    SkippedFile.objects.create(dataset=dataset, position=0, path="=HYPERLINK(1).png", reason="damaged", detail="ends half-way")
    response = clients["owner"].get(f"/datasets/{dataset.pk}/skipped.csv")
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert rows == [["file", "reason", "detail"], ["'=HYPERLINK(1).png", "Damaged", "ends half-way"]]
    assert response["Content-Disposition"].startswith("attachment")


def test_a_dataset_being_checked_shows_how_far(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner, status="processing", progress=0.62)
    text = clients["owner"].get(f"/datasets/{dataset.pk}/").content.decode()
    assert "62 %" in text
    assert 'value="0.620"' in text


def test_the_open_page_is_renewed_when_checking_is_over(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    response = clients["owner"].get(f"/datasets/{dataset.pk}/?checking=1", headers={"HX-Request": "true"})
    assert response["HX-Refresh"] == "true"


def test_a_refused_archive_says_why(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner, status="failed", error="The archive is damaged.")
    assert "The archive is damaged." in clients["owner"].get(f"/datasets/{dataset.pk}/").content.decode()


def test_the_list_filters(owner: Any, member: Any, clients: dict[str, Client]) -> None:
    factories.make_dataset(owner, name="Olga's cats", visibility="members")
    factories.make_dataset(member, name="Max's boats")
    factories.make_dataset(owner, name="Olga's secrets")

    def found(query: str) -> set[str]:
        return {one.name for one in clients["member"].get(f"/datasets/{query}").context["page"]}

    assert found("") == {"Olga's cats", "Max's boats"}
    assert found("?show=mine") == {"Max's boats"}
    assert found("?q=cats") == {"Olga's cats"}
    assert found("?show=samples") == set()


def test_a_sample_is_imported_once_and_leads_to_the_recipes(owner: Any, clients: dict[str, Client]) -> None:
    first = clients["owner"].post("/datasets/samples/digits/", {"then": "train"})
    again = clients["owner"].post("/datasets/samples/digits/", {"then": "train"})
    assert Dataset.objects.count() == 1
    assert first["Location"] == again["Location"] == f"/runs/new/?dataset={Dataset.objects.get().pk}"


def test_a_collection_that_is_not_installed_is_refused(owner: Any, clients: dict[str, Client]) -> None:
    text = clients["owner"].post("/datasets/samples/unicorns/", follow=True).content.decode()
    assert "not installed" in text


def test_editing_changes_name_description_and_sharing(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.make_dataset(owner)
    clients["owner"].post(f"/datasets/{dataset.pk}/edit/", {"name": "Cats", "description": "Mine", "visibility": "members"})
    dataset.refresh_from_db()
    assert (dataset.name, dataset.description, dataset.visibility) == ("Cats", "Mine", "members")


def test_delete_is_refused_while_a_run_needs_it(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    factories.make_run(owner, dataset, name="Needs it")
    assert "Needs it" in clients["owner"].get(f"/datasets/{dataset.pk}/delete/").content.decode()
    text = clients["owner"].post(f"/datasets/{dataset.pk}/delete/", follow=True).content.decode()
    assert "Needed by “Needs it”" in text.replace("&quot;", '"')
    assert Dataset.objects.filter(pk=dataset.pk).exists()


def test_delete_removes_it(owner: Any, clients: dict[str, Client]) -> None:
    dataset = factories.checked_dataset(owner)
    clients["owner"].post(f"/datasets/{dataset.pk}/delete/")
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(("counts", "remark"), [((3, 4), False), ((3, 30), True)])
def test_uneven_classes_are_remarked(owner: Any, clients: dict[str, Client], counts: tuple[int, int], remark: bool) -> None:
    dataset = factories.checked_dataset(owner)
    Dataset.objects.update(classes=[{"name": "cats", "count": counts[0]}, {"name": "dogs", "count": counts[1]}])
    assert ("Uneven classes" in clients["owner"].get(f"/datasets/{dataset.pk}/").content.decode()) is remark
