"""One tile large: over time, beside the training pictures nearest to it, walked by arrows."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from portal.runs.models import Run
from tests import factories
from tests.browser import scene
from tests.browser.conftest import sign_in
from tests.browser.test_watching import watched  # noqa: F401 (a fixture)
from tests.processes import Web
from tests.started import wait_until

DIALOG = "#tile"


@pytest.fixture
def run(transactional_db: None) -> Run:
    owner = factories.make_user("ada")
    return scene.run_with_scores(owner, scene.digits(owner), name="Sunday digits")


def tile(page: Page, number: int) -> Any:
    return page.get_by_role("button", name=f"Sample {number}", exact=True)


def test_the_keyboard_walks_the_sheet_and_one_tile_large(watched: Page) -> None:  # noqa: F811
    assert watched.locator("#sheet .tile[tabindex='0']").count() == 1
    tile(watched, 1).focus()
    watched.keyboard.press("ArrowRight")
    expect(tile(watched, 2)).to_be_focused()
    watched.keyboard.press("Enter")
    expect(watched.locator(DIALOG)).to_be_visible()
    expect(watched.get_by_role("heading", name="Sample 2", exact=True)).to_be_visible()
    columns = watched.evaluate("getComputedStyle(document.querySelector('#sheet')).gridTemplateColumns.split(' ').length")
    watched.keyboard.press("ArrowDown")
    expect(watched.get_by_role("heading", name=f"Sample {2 + columns}", exact=True)).to_be_visible()
    watched.keyboard.press("ArrowUp")
    watched.keyboard.press("ArrowLeft")
    watched.keyboard.press("ArrowLeft")  # nothing is before the first
    expect(watched.get_by_role("heading", name="Sample 1", exact=True)).to_be_visible()
    expect(watched.get_by_role("button", name="Sample before")).to_be_disabled()
    watched.keyboard.press("Escape")
    expect(watched.locator(DIALOG)).to_be_hidden()
    expect(tile(watched, 1)).to_be_focused()


def test_it_is_shown_at_a_whole_multiple_and_over_time_and_can_be_saved(watched: Page) -> None:  # noqa: F811
    tile(watched, 10).click()
    big = watched.locator("#tile-big canvas")
    own, shown = big.evaluate("one => [one.width, one.getBoundingClientRect().width * devicePixelRatio]")
    assert (own, shown % own) == (28, 0) and shown >= 6 * own
    moments = watched.locator("#tile-time button")
    expect(moments).to_have_count(len(scene.STEPS))
    with watched.expect_download() as saving:
        watched.get_by_role("button", name="PNG").click()
    assert saving.value.suggested_filename == "Sunday digits, step 1000, sample 10.png"
    assert Image.open(io.BytesIO(Path(saving.value.path()).read_bytes())).size == (28, 28), "As it was drawn"
    before = big.evaluate("one => one.toDataURL()")
    watched.get_by_role("button", name="Step 40", exact=True).click()
    expect(watched.locator("#tile-place")).to_have_text("Step 40 · seed 0")
    expect(watched.get_by_role("button", name="Step 40", exact=True)).to_have_attribute("aria-current", "")
    wait_until(lambda: big.evaluate("one => one.toDataURL()") != before, "the tile of that step")
    watched.keyboard.press("Escape")
    expect(watched.locator("#at")).to_have_text("Step 1\u202f000")  # the sheet itself has not moved


def test_nearest_training_pictures_are_shown_with_what_their_distance_says(watched: Page) -> None:  # noqa: F811
    tile(watched, 3).click()
    pictures = watched.locator("#tile-nearest img")
    expect(pictures).to_have_count(6)
    expect(pictures.first).to_be_visible()
    # the page's own policy forbids the evaluation that waiting within the page would take
    wait_until(lambda: pictures.evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 0)"), "the pictures")
    expect(watched.locator("#tile-likeness")).to_have_text("As far as training pictures are from each other: it is new.")
    expect(watched.locator("#tile-distance")).to_contain_text("Distance 0.40, usual between training pictures 0.40, by EfficientNet-Lite0 at 128 px.")
    watched.keyboard.press("ArrowLeft")
    expect(watched.locator("#tile-likeness")).to_have_text("Closer than training pictures are to each other: it may be remembered.")

    watched.get_by_role("button", name="Step 40", exact=True).click()
    expect(watched.locator("#tile-nearest-words")).to_contain_text("They are those of step 400, the first for which they are known.")
    expect(pictures.first).to_be_visible()


def test_who_may_not_see_the_dataset_sees_no_training_pictures(page: Page, transactional_db: None, web: Web) -> None:
    owner = factories.make_user("ada")
    run = scene.run_with_scores(owner, scene.digits(owner, "private"), name="Sunday digits")
    sign_in(page.context, factories.make_user("max"), web)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(web.url + run.get_absolute_url())
    tile(page, 1).click()
    expect(page.locator("#tile-nearest-words")).to_have_text("The training pictures are private, so the nearest ones are not shown.")
    expect(page.locator("#tile-nearest")).to_be_hidden()
    box = page.locator(DIALOG).bounding_box()
    assert box and (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844), "On a phone it fills the screen"
    close = page.locator(DIALOG).get_by_role("button", name="Close").bounding_box()
    assert close and min(close["width"], close["height"]) >= 44


def test_a_sheet_thinned_on_the_server_leaves_the_strip(page: Page, run: Run, web: Web, complaints: list[str]) -> None:
    run.samples.all().delete()
    sheets = [factories.add_sample(run, step) for step in range(40)]
    sign_in(page.context, run.owner, web)
    page.goto(web.url + run.get_absolute_url())
    expect(page.locator("#sheet .tile").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    sheets[4].image.delete(save=False)  # none of the film's 24 pictures, but one of the strip's 12
    sheets[4].delete()
    page.locator("#sheet .tile").first.click()
    expect(page.locator("#tile-time button")).to_have_count(12)
    expect(page.locator("#tile-time button[title='Step 4']")).to_have_count(0)
    expect(page.locator("#scrub")).to_have_attribute("max", "38")
    complaints.clear()  # the browser tells of the sheet that is gone
