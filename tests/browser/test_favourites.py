"""A tile is liked by its heart or by a key, shown at once on every sheet, and taken back when the server refuses."""

from playwright.sync_api import Page, Route, expect

from portal.runs.models import Favourite, Run
from tests.browser.test_watching import run, watched  # noqa: F401 (fixtures)
from tests.processes import Web
from tests.started import wait_until


def test_the_heart_flips_at_once_and_back_if_refused(watched: Page, run: Run, complaints: list[str]) -> None:  # noqa: F811
    watched.get_by_role("button", name="Sample 3", exact=True).focus()
    watched.keyboard.press("f")
    expect(watched.get_by_role("button", name="Sample 3, favourite", exact=True)).to_be_focused()
    wait_until(lambda: Favourite.objects.filter(user=run.owner, tile=2, sample__step=1000).exists(), "the favourite")
    watched.keyboard.press(",")
    expect(watched.get_by_role("button", name="Sample 3, favourite", exact=True)).to_be_visible()  # the same tile, on every sheet
    watched.keyboard.press("Enter")
    heart = watched.get_by_role("button", name="Favourite", exact=True)
    expect(heart).to_have_attribute("aria-pressed", "true")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: not Favourite.objects.exists(), "it to be taken away")

    Run.objects.filter(pk=run.pk).update(owner=type(run.owner).objects.create(username="eve"), visibility="private")
    watched.keyboard.press("f")
    expect(watched.locator(".toast")).to_be_visible()
    expect(heart).to_have_attribute("aria-pressed", "false")
    complaints.clear()  # the browser tells of the refusal, too


def test_a_sheet_that_goes_while_the_page_opens_leaves_the_film(page: Page, run: Run, web: Web, complaints: list[str]) -> None:  # noqa: F811
    def thin(route: Route) -> None:
        run.samples.filter(step=200).delete()
        route.continue_()

    page.route("**/samples/200/image/**", thin)
    page.goto(web.url + run.get_absolute_url())
    expect(page.locator("#scrub")).to_have_attribute("max", "5")
    page.locator("#scrub").focus()
    page.keyboard.press("Home")
    for step in (40, 100, 400):
        page.keyboard.press(".")
        expect(page.locator("#at")).to_have_text(f"Step {step}")
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()
