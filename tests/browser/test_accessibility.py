"""Every page in both themes on a desk and on a phone: axe finds nothing against WCAG 2.2 A and AA, nothing scrolls sideways."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.runs.models import Favourite, Status
from tests import factories
from tests.browser import scene
from tests.browser.conftest import sign_in
from tests.processes import ROOT, Web

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = """axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then((found) =>
    found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join(" | ")}`))"""
VERDICT = {
    "kind": "discriminator-strong",
    "level": "warn",
    "title": "The discriminator is winning",
    "text": "It spots nearly every fake.",
    "step": 900,
    "evidence": [{"label": "Fakes spotted", "value": "99 %", "usual": "60 to 95 %"}],
    "change": {"setting": "discriminator_learning_rate", "title": "Discriminator learning rate", "from": 0.0002, "to": 0.0001},
}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def addresses(transactional_db: None) -> dict[str, Any]:
    """Every page, as (signed in?, path)."""
    owner = factories.make_user("ada", is_staff=True)
    dataset = scene.digits(owner)
    pets = factories.checked_dataset(owner, visibility="public")
    running = scene.run_with_scores(owner, dataset, name="Sunday digits", verdict=VERDICT)
    finished = factories.finished_run(owner, pets, visibility="public", name="Monday pets")
    failed = factories.make_run(owner, pets, status=Status.FAILED, error="The losses became infinite at step 3.", name="Tuesday pets")
    queued = factories.make_run(owner, pets, name="Wednesday pets")
    paused = scene.run_with_sheets(owner, dataset, name="A name that is too long for a line of a card or of a table", status=Status.PAUSED)
    for run in (running, paused, finished):
        Favourite.objects.create(user=owner, sample=run.samples.latest("step"), tile=2)
    finished.artifacts.filter(kind="checkpoint").update(pinned=True)
    checking = factories.make_dataset(owner, name="Still being checked", status="uploading", progress=0.4)
    broken = factories.make_dataset(owner, name="Broken", status="failed", error="The archive is damaged.")
    new = f"/runs/new/?dataset={pets.pk}"
    signed_in = [
        "/",
        "/gallery/?q=nothing",
        "/gallery/?show=favourites",
        "/datasets/",
        "/datasets/new/",
        "/runs/new/",
        new,
        f"{new}&recipe=simpsons",
        "/queue/",
        "/account/",
        "/help/",
        "/status/",
    ]
    signed_in += [one.get_absolute_url() for one in (dataset, pets, checking, broken, running, finished, failed, queued, paused)]
    signed_in += [f"/runs/{failed.pk}/{verb}/" for verb in ("edit", "delete")] + [f"/datasets/{broken.pk}/{verb}/" for verb in ("edit", "delete")]
    signed_in += ["/accounts/password/change/", "/accounts/email/", "/accounts/logout/", "/api/docs/", "/nothing/"]
    strangers = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
    return {"owner": owner, "paths": [*((True, path) for path in signed_in), *((False, path) for path in strangers)]}


def look(page: Page, url: str) -> list[str]:
    page.goto(url)
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    found = judge(page)
    if page.locator("#score-chart").count() and page.locator("#sheet").count():
        page.locator("#sheet .tile").first.click()
        expect(page.locator("#tile-place")).to_be_visible()
        if page.evaluate("JSON.parse(document.getElementById('run-data').textContent).sheets.at(-1)[4]"):
            expect(page.locator("#tile-nearest img").first).to_be_visible()
        found += judge(page)
    return found


def judge(page: Page) -> list[str]:
    found = list(page.evaluate(RULES)) if page.viewport_size and page.viewport_size["width"] > 320 else []
    wider = page.evaluate(OVERFLOW)
    return found + ([f"scrolls sideways by {wider} pixels"] if wider > 0 else [])


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390), ("light", 320)])
def test_every_page_is_for_everybody(browser: Browser, addresses: dict[str, Any], web: Web, theme: Any, width: int) -> None:
    problems: dict[str, list[str]] = {}
    for signed_in in (True, False):
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce", bypass_csp=False)
        context.add_init_script(path=AXE)
        if signed_in:
            sign_in(context, addresses["owner"], web)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.setdefault("scripts", []).append(str(error)))
        for needs_session, path in addresses["paths"]:
            if needs_session == signed_in and (found := look(page, web.url + path)):
                problems[path] = found
        context.close()
    assert not problems, "\n".join(f"{path}: {one}" for path, found in problems.items() for one in found)
