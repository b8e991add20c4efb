"""The page of a run as one uses it: scrubber, keyboard, chart, log, and what the stream brings."""

import time
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal import broker as live
from portal.runs.models import Run, Status
from portal.runs.payloads import losses_payload, run_payload, sample_payload
from tests import factories
from tests.browser import scene
from tests.browser.conftest import sign_in
from tests.processes import Web, wait_until


@pytest.fixture
def run(transactional_db: None) -> Run:
    owner = factories.make_user("ada")
    return scene.run_with_sheets(owner, scene.digits(owner), name="Sunday digits")


@pytest.fixture
def watched(page: Page, run: Run, web: Web) -> Page:
    """The owner's open page, once the stream has been opened and caught up with."""
    sign_in(page.context, run.owner, web)
    with page.expect_response(lambda answer: answer.url.endswith("/events/") and answer.status == 200):
        page.goto(web.url + run.get_absolute_url())
    page.wait_for_load_state("load")
    expect(page.locator("#sheet canvas").first).to_be_visible()
    expect(page.locator("#loss canvas")).to_be_visible()
    return page


def test_tiles_are_enlarged_by_whole_device_pixels(watched: Page) -> None:
    sizes = watched.locator("#sheet canvas").evaluate_all("all => all.map(one => [one.width, one.getBoundingClientRect().width * devicePixelRatio])")
    assert sizes
    assert all(own == 28 and shown % own == 0 for own, shown in sizes)


def test_the_keyboard_walks_through_time(watched: Page) -> None:
    watched.keyboard.press(",")
    expect(watched.locator("#at")).to_have_text("Step 700")
    watched.keyboard.press(",")
    expect(watched.locator("#at")).to_have_text("Step 400")
    expect(watched.locator("#live")).to_have_attribute("aria-pressed", "false")
    assert "step=400" in watched.url
    watched.keyboard.press(".")
    expect(watched.locator("#at")).to_have_text("Step 700")
    watched.keyboard.press("l")
    expect(watched.locator("#at")).to_have_text("Step 1\u202f000")
    assert "step=" not in watched.url


def test_the_scrubber_says_where_it_stands(watched: Page) -> None:
    scrubber = watched.get_by_role("slider", name="Time: which sheet to show")
    scrubber.focus()
    scrubber.press("Home")
    expect(scrubber).to_have_attribute("aria-valuetext", "step 0, sheet 1 of 7")


def test_an_address_with_a_step_opens_at_that_moment(page: Page, run: Run, web: Web) -> None:
    page.goto(f"{web.url}{run.get_absolute_url()}?step=250")
    expect(page.locator("#at")).to_have_text("Step 200")


def test_play_runs_to_the_end(watched: Page) -> None:
    watched.keyboard.press(" ")
    expect(watched.get_by_role("button", name="Pause the timelapse")).to_be_visible()
    expect(watched.locator("#at")).to_have_text("Step 1\u202f000", timeout=30_000)
    expect(watched.get_by_role("button", name="Play the timelapse")).to_be_visible()


def test_a_new_sheet_is_shown_within_a_second(watched: Page, run: Run) -> None:
    # Noted by the page itself, on this machine's clock; polling from here would add to the delay.
    watched.evaluate(
        """() => new MutationObserver(() => (window.shownAt ??= document.querySelector('#save-sheet').href.includes('/1200/') ? Date.now() : null))
            .observe(document.querySelector('#save-sheet'), {attributes: true})"""
    )
    sample = scene.add_sheet(run, 1200, 1.0)
    begun = time.time()
    live.publish(run.pk, "sample", sample_payload(sample))
    expect(watched.locator("#at")).to_have_text("Step 1\u202f200")
    assert watched.evaluate("window.shownAt") / 1000 - begun < 1.0


def test_after_looking_back_nothing_jumps(watched: Page, run: Run) -> None:
    watched.keyboard.press(",")
    live.publish(run.pk, "sample", sample_payload(scene.add_sheet(run, 1200, 1.0)))
    expect(watched.locator("#live-word")).to_have_text("1 new")
    expect(watched.locator("#at")).to_have_text("Step 700")
    watched.locator("#live").click()
    expect(watched.locator("#at")).to_have_text("Step 1\u202f200")


def test_status_losses_and_log_arrive(watched: Page, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(step=2500, images_per_second=512.0, updated=timezone.now())
    run.refresh_from_db()
    live.publish(run.pk, "status", run_payload(run))
    live.publish(run.pk, "log", {"lines": ["a line from the trainer"]})
    point = scene.LossPoint.objects.create(run=run, attempt=1, step=2500, seconds=400, discriminator=0.25, generator=2.5)
    live.publish(run.pk, "losses", losses_payload([point]))
    expect(watched.locator("#step")).to_have_text("2\u202f500")
    expect(watched.locator("#speed")).to_have_text("512 images/s")
    expect(watched).to_have_title("50 % Sunday digits")
    expect(watched.locator("#log")).to_contain_text("a line from the trainer")
    watched.get_by_role("button", name="Table").click()
    expect(watched.locator("#loss-table tbody tr").first).to_contain_text("2\u202f500")


def test_an_older_status_changes_nothing(watched: Page, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(step=2500, updated=timezone.now())
    run.refresh_from_db()
    live.publish(run.pk, "status", run_payload(run))
    expect(watched.locator("#step")).to_have_text("2\u202f500")
    older = {**run_payload(run), "step": 1500, "updated": run.created}
    live.publish(run.pk, "status", older)
    live.publish(run.pk, "log", {"lines": ["said after the older status"]})
    expect(watched.locator("#log")).to_contain_text("said after the older status")
    expect(watched.locator("#step")).to_have_text("2\u202f500")


def test_the_end_of_a_run_appears_without_reloading(watched: Page, run: Run) -> None:
    factories.add_artifact(run, "weights", 1000)
    run.move(Status.COMPLETED, frm=(Status.RUNNING,), reason="All steps done")
    live.publish(run.pk, "status", run_payload(run))
    expect(watched.locator("h1 .chip")).to_have_text("Completed")
    expect(watched.get_by_role("heading", name="Finished")).to_be_visible()
    expect(watched.get_by_role("link", name="Weights")).to_be_visible()


def test_pausing_asks_the_run_and_shows_it(watched: Page, run: Run) -> None:
    watched.get_by_role("button", name="Pause", exact=True).click()
    expect(watched.get_by_role("button", name="Pausing")).to_be_visible()
    run.refresh_from_db()
    assert run.control == "pause"


def test_a_lost_connection_is_said_politely(watched: Page, web: Web, complaints: list[str]) -> None:
    watched.context.set_offline(True)
    watched.evaluate("dispatchEvent(new Event('offline'))")
    web.process.kill()
    expect(watched.get_by_role("heading", name="Live updates are interrupted")).to_be_visible(timeout=30_000)
    complaints.clear()  # the browser writes down each failed request


def test_log_scale_and_smoothing_redraw_the_chart(watched: Page) -> None:
    before = watched.locator("#loss canvas").evaluate("one => one.toDataURL()")
    watched.get_by_label("Smoothing").fill("0")
    wait_until(lambda: watched.locator("#loss canvas").evaluate("one => one.toDataURL()") != before, "the chart to be redrawn")
    watched.get_by_role("button", name="Log scale").click()
    expect(watched.get_by_role("button", name="Log scale")).to_have_attribute("aria-pressed", "true")
    expect(watched.locator("#loss canvas")).to_be_visible()


def test_deleting_asks_in_a_dialog_that_names_the_run(watched: Page, run: Run) -> None:
    watched.get_by_role("button", name="More actions").click()
    watched.get_by_role("link", name="Delete run").click()
    dialog: Any = watched.get_by_role("dialog", name="Delete “Sunday digits”?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert Run.objects.filter(pk=run.pk).exists()
