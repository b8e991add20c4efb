"""Upload and settings as one uses them: drops, folders, live checks, preview, changes and their undoing."""

import base64
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from portal.datasets.models import Dataset
from portal.estimates.models import Estimate
from portal.runs.models import Run
from tests import factories
from tests.browser.conftest import sign_in
from tests.gan_core.images.build import annotation
from tests.processes import Web, wait_until


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return factories.make_user("ada")


@pytest.fixture
def signed_in(page: Page, owner: Any, web: Web) -> Page:
    sign_in(page.context, owner, web)
    return page


@pytest.fixture
def form(signed_in: Page, owner: Any, web: Web) -> Page:
    """The settings form of a checked dataset, its preview drawn."""
    dataset = factories.checked_dataset(owner)
    signed_in.goto(f"{web.url}/runs/new/?dataset={dataset.pk}&recipe=simpsons")
    expect(signed_in.locator("#sees canvas")).to_have_count(16)
    return signed_in


def members(dataset: Dataset) -> set[str]:
    with dataset.archive.open("rb") as file, zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop files onto the page's body, as from the desktop."""
    given = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    page.evaluate(
        """(given) => {
            const transfer = new DataTransfer();
            for (const [name, data] of given) transfer.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        given,
    )


def test_a_folder_is_packed_with_its_classes(signed_in: Page, web: Web, tmp_path: Path) -> None:
    for number, label in enumerate(("cats", "dogs")):
        (tmp_path / "pets" / label).mkdir(parents=True)
        (tmp_path / "pets" / label / "one.png").write_bytes(factories.encoded(factories.picture(number)))
    (tmp_path / "pets" / "notes.txt").write_text("no picture")
    signed_in.goto(f"{web.url}/datasets/new/")
    signed_in.locator("#folder").set_input_files(tmp_path / "pets")
    signed_in.wait_for_url("**/datasets/*-*/")
    dataset = Dataset.objects.get()
    assert members(dataset) == {"pets/cats/one.png", "pets/dogs/one.png"}
    assert dataset.name == "pets"


def test_annotations_go_up_with_the_pictures(signed_in: Page, web: Web, tmp_path: Path) -> None:
    for name in ("Images/dogs", "Annotation/dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
    (tmp_path / "pets/Images/dogs/1.png").write_bytes(factories.encoded(factories.picture(1)))
    (tmp_path / "pets/Images/dogs/1.xml").write_bytes(annotation((1, 1, 5, 5)))
    (tmp_path / "pets/Annotation/dogs/1").write_bytes(annotation((1, 1, 5, 5)))
    signed_in.goto(f"{web.url}/datasets/new/")
    counted = list[str | None]()  # read while the upload is held: the page leaves as soon as it is answered

    def hold(route: Route) -> None:
        counted.append(signed_in.locator("#chosen-count").text_content())
        route.continue_()

    signed_in.route("**/api/v1/datasets/", hold)
    signed_in.locator("#folder").set_input_files(tmp_path / "pets")
    signed_in.wait_for_url("**/datasets/*-*/")
    assert members(Dataset.objects.get()) == {"pets/Images/dogs/1.png", "pets/Images/dogs/1.xml", "pets/Annotation/dogs/1"}
    assert counted == ["1 picture"]


def test_pictures_dropped_anywhere_are_uploaded(signed_in: Page, web: Web) -> None:
    signed_in.goto(f"{web.url}/datasets/new/")
    signed_in.get_by_label("Name").fill("Dropped")
    signed_in.get_by_text("Members").click()
    drop(signed_in, {"a.png": factories.encoded(factories.picture(1)), "b.png": factories.encoded(factories.picture(2))})
    signed_in.wait_for_url("**/datasets/*-*/")
    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.visibility, members(dataset)) == ("Dropped", "members", {"a.png", "b.png"})


def test_a_dropped_archive_goes_up_as_it_is(signed_in: Page, web: Web) -> None:
    signed_in.goto(f"{web.url}/datasets/new/")
    data = factories.archive()
    drop(signed_in, {"summer-pets.zip": data})
    signed_in.wait_for_url("**/datasets/*-*/")
    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.archive.read()) == ("summer pets", data)


def test_files_without_pictures_are_refused_at_once(signed_in: Page, web: Web) -> None:
    signed_in.goto(f"{web.url}/datasets/new/")
    drop(signed_in, {"notes.txt": b"no picture"})
    expect(signed_in.get_by_role("alert")).to_contain_text("There is no picture and no archive among these files.")
    assert not Dataset.objects.exists()


def test_what_the_server_refuses_is_said_in_words(signed_in: Page, owner: Any, web: Web, complaints: list[str]) -> None:
    owner.storage_quota = 10
    owner.save()
    signed_in.goto(f"{web.url}/datasets/new/")
    drop(signed_in, {"pets.zip": factories.archive()})
    expect(signed_in.get_by_role("alert")).to_contain_text("Your storage is full")
    complaints.clear()  # the browser writes down the refusal


def test_an_upload_can_be_cancelled(signed_in: Page, web: Web) -> None:
    signed_in.route("**/api/v1/datasets/", lambda route: None)  # never answered
    signed_in.goto(f"{web.url}/datasets/new/")
    drop(signed_in, {"pets.zip": factories.archive()})
    signed_in.get_by_role("button", name="Cancel").click()
    expect(signed_in.locator("#sending")).to_be_hidden()
    assert not Dataset.objects.exists()


def test_the_preview_follows_the_size(form: Page) -> None:
    form.get_by_role("button", name="32", exact=True).click()
    expect(form.locator("#sees-words")).to_contain_text("32 × 32")
    wait_until(lambda: form.locator("#sees canvas").first.evaluate("one => one.width") == 32, "the preview at 32 pixels")
    expect(form.locator("[data-summary=pictures]")).to_contain_text("32 × 32")


def test_shuffle_shows_other_pictures(form: Page) -> None:
    before = form.locator("#sees canvas").first.evaluate("one => one.toDataURL()")
    form.get_by_role("button", name="Show other pictures").click()
    wait_until(lambda: form.locator("#sees canvas").first.evaluate("one => one.toDataURL()") != before, "other pictures")


def test_the_preview_asks_for_what_training_cuts_out(form: Page) -> None:
    with form.expect_request(lambda request: "crop_to_boxes=false&tiles=0&tile_scale=1" in request.url):
        form.locator("#shuffle").click()


def test_a_wrong_value_is_told_beside_its_field_and_in_the_summary(form: Page) -> None:
    form.locator("#group-optimisation > summary").click()
    form.locator("#id_batch_size").fill("5000")
    expect(form.locator("#error_batch_size")).to_contain_text("Must be at most 1024.")
    expect(form.locator("#problems")).to_contain_text("One setting needs a look")
    form.locator("#id_batch_size").fill("16")
    expect(form.locator("#problems")).to_be_hidden()
    expect(form.locator("#changes-words")).to_contain_text("batch size 32 → 16")


def test_launching_with_an_error_moves_the_focus_to_the_summary(form: Page, complaints: list[str]) -> None:
    form.locator("#group-optimisation > summary").click()
    form.locator("#id_batch_size").fill("5000")
    form.get_by_role("button", name="Launch").click()
    expect(form.locator("#problems")).to_be_focused()
    form.locator("#problems a").click()
    expect(form.locator("#id_batch_size")).to_be_focused()
    assert not Run.objects.exists()
    complaints.clear()  # the browser writes down the answer 422


def test_a_change_is_marked_and_undone(form: Page) -> None:
    form.locator("#group-optimisation > summary").click()
    form.locator("#id_batch_size").fill("16")
    undo = form.get_by_role("button", name="Reset Batch size to 32")
    undo.click()
    expect(form.locator("#id_batch_size")).to_have_value("32")
    expect(undo).to_be_hidden()


def test_steps_and_epochs_exclude_each_other(form: Page) -> None:
    form.locator("#group-length > summary").click()
    form.get_by_label("Steps", exact=True).fill("500")
    expect(form.get_by_label("Epochs", exact=True)).to_have_value("")
    form.get_by_role("button", name="Launch").click()
    form.wait_for_url("**/runs/*-*/")
    config = Run.objects.get().train_config
    assert (config.steps, config.epochs) == (500, None)


def test_settings_without_effect_are_out_of_the_way_until_they_have_one(form: Page) -> None:
    form.locator("#group-optimisation > summary").click()
    expect(form.locator("#id_penalty_weight")).to_be_hidden()
    form.locator("#id_penalty").select_option("r1")
    expect(form.locator("#id_penalty_weight")).to_be_visible()
    form.locator("#id_penalty").select_option("clip")
    expect(form.locator("#id_penalty_weight")).to_be_hidden()
    expect(form.locator("#id_clip_value")).to_be_visible()


def test_a_rare_setting_stands_behind_more(form: Page) -> None:
    form.locator("#group-tricks > summary").click()
    expect(form.locator("#id_instance_noise")).to_be_hidden()
    form.locator("#group-tricks .more > summary").click()
    form.locator("#id_instance_noise").fill("2")
    expect(form.locator("#problems")).to_contain_text("Must be at most 1.")
    form.locator("#group-tricks .more > summary").click()
    form.locator("#group-tricks > summary").click()
    form.locator("#problems a").click()
    expect(form.locator("#id_instance_noise")).to_be_focused()


def test_another_architecture_takes_what_the_recipe_brought(form: Page) -> None:
    form.locator("#group-architecture > summary").click()
    form.locator("#id_architecture").select_option("mlp")
    expect(form.locator("#changes-words")).to_contain_text("kernel size 5 → 4")
    expect(form.locator("#problems")).to_be_hidden()


def test_time_and_memory_appear_once_they_are_measured(form: Page) -> None:
    expect(form.locator("#est-time-words")).to_have_text("Measuring…")
    wait_until(lambda: Estimate.objects.exists(), "the question")
    answer = {"seconds_per_step": 60.0, "memory_bytes": 1_200_000_000, "available_bytes": 24_000_000_000, "device": "CPU, 2 threads"}
    Estimate.objects.update(measured=timezone.now(), **answer)
    expect(form.locator("#est-memory")).to_have_text("1.2 GB")
    expect(form.locator("#est-memory-words")).to_have_text("of 24 GB memory")
    expect(form.locator("#est-time-words")).to_have_text("on this processor")


def test_what_does_not_fit_is_told_before_the_launch(form: Page) -> None:
    wait_until(lambda: Estimate.objects.exists(), "the question")
    Estimate.objects.update(measured=timezone.now(), memory_bytes=31_000_000_000, available_bytes=24_000_000_000, is_gpu=True, largest_batch=16)
    expect(form.locator("#too-big")).to_contain_text("Batch 32 at 64 px needs about 31 GB, the GPU has 24 GB. Batch 16 fits.")


def test_the_theme_is_kept_without_a_flash(signed_in: Page, web: Web) -> None:
    signed_in.goto(f"{web.url}/help/")
    signed_in.get_by_role("button", name="Switch to dark").click()
    assert signed_in.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 15, 18)"
    signed_in.reload()
    assert signed_in.locator("html").get_attribute("data-theme") == "dark"


def test_letters_lead_to_pages_but_not_while_typing(signed_in: Page, web: Web) -> None:
    signed_in.goto(f"{web.url}/help/")
    signed_in.keyboard.press("g")
    signed_in.keyboard.press("d")
    signed_in.wait_for_url("**/datasets/")
    signed_in.keyboard.press("/")
    signed_in.keyboard.type("nn?")
    expect(signed_in.get_by_role("searchbox")).to_have_value("nn?")
    expect(signed_in.get_by_role("dialog")).to_be_hidden()
