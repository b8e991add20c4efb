"""The page of a run that learns classes: labelled rows, one class at a time, sheets of it on demand, and steps that are taken back."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from gan_core.events import Losses, Rewound, Samples, Verdict
from portal import broker as live
from portal.runs.models import LossPoint, Run, Status
from portal.runs.payloads import losses_payload, sample_payload
from tests import factories
from tests.browser import scene
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import AXE, look
from tests.browser.test_watching import watched  # noqa: F401  # a fixture
from tests.processes import Web, wait_until
from worker.record import Recorder

NAMES = [str(digit) for digit in range(8)]


@pytest.fixture
def run(transactional_db: None, web: Web) -> Run:
    """A run on digits with classes, with adaptive augmentation; each row of its sheets is a class."""
    owner = factories.make_user("ada")
    run = scene.run_with_sheets(owner, scene.digits(owner), name="Sunday digits")
    run.config |= {"conditional": True, "augmentation": "adaptive"}
    run.save()
    run.samples.update(row_labels=NAMES)
    return run


@pytest.fixture
def recorder(run: Run) -> Any:
    recorder = Recorder(run, run.attempt, lambda step: "", NAMES)
    yield recorder
    recorder.abandon()


def class_sheet(step: int, label: int) -> Samples:
    shades = np.linspace(40, 240, 64, dtype=np.uint8).reshape(64, 1, 1, 1)
    return Samples(step, step / 80, np.broadcast_to(shades, (64, 28, 28, 1)).copy(), 8, 8, 0, (label,) * 8, label)


def steps_drawn(page: Page) -> int:
    """Of the last point of the chart, as its table tells it."""
    return int(page.locator("#loss-table tbody tr").first.locator("td").first.inner_text().replace("\u202f", ""))


def test_rows_bear_the_names_of_their_classes(watched: Page) -> None:  # noqa: F811
    labels = watched.locator("#sheet .rowlabel")
    expect(labels.first).to_have_text("0")
    tile = watched.locator("#sheet .tile").nth(8)
    assert tile.get_attribute("aria-label") == "Sample 9, 1"
    label, first = labels.first.bounding_box(), watched.locator("#sheet canvas").first.bounding_box()
    assert label["x"] + label["width"] <= first["x"], "Beside its row"
    watched.get_by_role("button", name="All 8 rows").click()
    expect(labels).to_have_text(NAMES)


def test_on_a_phone_nothing_sticks_out(page: Page, run: Run, web: Web) -> None:
    run.samples.update(row_labels=[f"a class with a long name, {name}" for name in NAMES])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(web.url + run.get_absolute_url())
    label, tile = page.locator("#sheet .rowlabel").first, page.locator("#sheet canvas").first
    expect(tile).to_be_visible()
    assert label.bounding_box()["y"] + label.bounding_box()["height"] <= tile.bounding_box()["y"], "Above its row"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390), ("light", 320)])
def test_it_is_for_everybody(browser: Browser, run: Run, web: Web, recorder: Recorder, theme: Any, width: int) -> None:
    recorder.record(class_sheet(1100, 5))
    recorder.record(Rewound(1100, "The losses became infinite at step 1200. We went back to the checkpoint at step 1100."))
    recorder.drain()
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce", bypass_csp=False)
    context.add_init_script(path=AXE)
    sign_in(context, run.owner, web)
    page = context.new_page()
    for query in ("", "?label=5"):
        assert look(page, f"{web.url}{run.get_absolute_url()}{query}") == []
    expect(page.get_by_role("button", name="Step 1\u202f100")).to_be_visible()
    context.close()


def test_one_class_is_shown_large_and_followed_through_time(watched: Page) -> None:  # noqa: F811
    before = watched.locator("#sheet canvas").first.bounding_box()["width"]
    watched.get_by_role("button", name="Show only 2").click()
    tiles = watched.locator("#sheet .tile")
    expect(tiles).to_have_count(8)
    assert [one.get_attribute("aria-label") for one in tiles.all()] == [f"Sample {number}, 2" for number in range(17, 25)]
    assert tiles.first.bounding_box()["width"] > before
    watched.keyboard.press(",")
    expect(watched.locator("#at")).to_have_text("Step 700")
    expect(tiles).to_have_count(8)
    assert "label=2" in watched.url
    watched.get_by_label("Class", exact=True).select_option("")
    expect(watched.locator("#sheet .rowlabel").first).to_be_visible()
    assert "label=" not in watched.url


def test_a_sheet_of_one_class_is_asked_for_and_appears(watched: Page, run: Run, recorder: Recorder) -> None:  # noqa: F811
    watched.get_by_label("Class", exact=True).select_option("5")
    watched.get_by_role("button", name="Draw a sheet of 5").click()
    expect(watched.get_by_role("button", name="Drawing")).to_be_disabled()
    wait_until(lambda: Run.objects.get(pk=run.pk).class_sheets_wanted == [5], "the wish")
    recorder.record(class_sheet(1100, 5))
    recorder.drain()
    expect(watched.locator("#at")).to_have_text("Step 1\u202f100")
    expect(watched.get_by_role("button", name="Step 1\u202f100")).to_have_attribute("aria-pressed", "true")
    assert "label=5" in watched.locator("#save-sheet").get_attribute("href")
    assert watched.locator("#sheet canvas").count() > 8
    live.publish(run.pk, "sample", sample_payload(scene.add_sheet(run, 1200, 1.0)))
    expect(watched.locator("#scrub")).to_have_attribute("max", "7")
    expect(watched.locator("#at")).to_have_text("Step 1\u202f100")  # what is looked at stays
    watched.get_by_role("button", name="Over time").click()
    expect(watched.locator("#at")).to_have_text("Step 1\u202f200")


def test_a_refusal_is_told_beside_the_button(watched: Page, run: Run, complaints: list[str]) -> None:  # noqa: F811
    watched.get_by_label("Class", exact=True).select_option("5")
    Run.objects.filter(pk=run.pk).update(status=Status.PAUSED)
    watched.get_by_role("button", name="Draw a sheet of 5").click()
    expect(watched.get_by_role("alert").filter(has_text="You cannot draw a sheet of this run: it is paused.")).to_be_visible()
    complaints.clear()  # the browser writes down the refused request


def test_an_address_can_name_a_class_and_a_run_that_is_over_draws_no_more(page: Page, run: Run, web: Web) -> None:
    Run.objects.filter(pk=run.pk).update(status=Status.COMPLETED)
    sign_in(page.context, run.owner, web)
    page.goto(f"{web.url}{run.get_absolute_url()}?label=7")
    expect(page.locator("#sheet canvas")).to_have_count(8)
    expect(page.get_by_label("Class", exact=True)).to_have_value("7")
    expect(page.locator("#draw-class")).to_be_hidden()


def test_the_overfitting_meter_follows(watched: Page, run: Run) -> None:  # noqa: F811
    point = LossPoint.objects.create(run=run, attempt=1, step=1010, seconds=170, discriminator=0.5, generator=1.5, augmentation=0.344)
    live.publish(run.pk, "losses", losses_payload([point]))
    expect(watched.locator("#augmentation-share")).to_have_text("34 %")
    assert watched.get_by_label("Overfitting meter").evaluate("one => one.value") == pytest.approx(0.344)


def test_an_open_page_forgets_what_was_taken_back(watched: Page, run: Run, recorder: Recorder) -> None:  # noqa: F811
    recorder.record(Losses(1100, 180.0, 0.5, 1.5))
    recorder.record(class_sheet(1100, 5))
    message = "The losses became infinite at step 1100. We went back to the checkpoint at step 450."
    recorder.record(Rewound(450, message))
    recorder.record(Verdict(450, "diverged", "bad", "It fell apart", message, ()))
    recorder.drain()
    expect(watched.locator("#at")).to_have_text("Step 400")
    expect(watched.locator("#scrub")).to_have_attribute("max", "4")
    expect(watched.locator("#live")).to_have_attribute("aria-pressed", "true")
    expect(watched.get_by_role("heading", name="It fell apart")).to_be_visible()
    expect(watched.locator("#history")).to_contain_text("We went back to the checkpoint at step 450.")
    watched.get_by_role("button", name="Table").click()
    assert steps_drawn(watched) == 450
    recorder.record(Losses(460, 181.0, 0.5, 1.5))
    recorder.close()
    expect(watched.locator("#loss")).to_have_attribute("aria-label", re.compile(r"^Losses up to step 460\."))


def test_a_page_that_did_not_hear_of_it_finds_out(watched: Page, run: Run) -> None:  # noqa: F811
    """As after a broken connection: the snapshot says that something was taken back."""
    run.samples.filter(step__gt=450).delete()
    run.losses.filter(step__gt=450).delete()
    scene.add_sheet(run, 1050, 1.0)
    LossPoint.objects.create(run=run, attempt=1, step=1050, seconds=200, discriminator=0.5, generator=1.5)
    Run.objects.filter(pk=run.pk).update(rewinds=1, step=1050)
    watched.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(watched.locator("#at")).to_have_text("Step 1\u202f050")
    expect(watched.locator("#scrub")).to_have_attribute("max", "5")
    watched.get_by_role("button", name="Table").click()
    steps = watched.locator("#loss-table tbody td:first-child").all_inner_texts()
    assert [int(step.replace("\u202f", "")) for step in steps[:2]] == [1050, 450]
