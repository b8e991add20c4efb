"""The page of the queue as one uses it: for everybody, quiet, and its buttons work with and without scripts."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from portal.runs.models import Run, Status
from portal.workers.models import Worker
from tests import factories
from tests.browser import scene
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import AXE, look
from tests.processes import Web

READING = {"cpu_percent": 187.0, "memory_bytes": 1_240_000_000, "gpu_percent": None, "gpu_memory_bytes": None, "gpu_memory_total": None}


@pytest.fixture
def crowd(transactional_db: None) -> dict[str, Any]:
    """Two workers at work, one of them on a private run, a free one, one that fell silent; five runs that wait, one of them private."""
    ada, max_ = factories.make_user("ada"), factories.make_user("max")
    digits = scene.digits(ada)
    now = timezone.now()
    later = now + timedelta(hours=1)  # as long as the tests need
    Worker.objects.bulk_create(
        [
            Worker(name="desk-1", seen=later, device="CPU, 2 threads", memory=8 * 10**9),
            Worker(name="desk-2", seen=later, device="CPU, 2 threads", memory=8 * 10**9),
            Worker(name="gpu-1", seen=later, device="NVIDIA RTX 4090", memory=24 * 10**9, is_gpu=True, pool="large"),
            Worker(name="gpu-2", device="NVIDIA RTX 4090", is_gpu=True, seen=now - timedelta(minutes=4)),
        ]
    )
    running = scene.run_with_sheets(ada, digits, name="Sunday digits", worker="desk-1", telemetry={"measured": now.isoformat(), **READING})
    secret = factories.make_run(max_, name="Secret", status=Status.RUNNING, worker="desk-2", expected_seconds=3000.0)
    lost = scene.run_with_sheets(max_, digits, name="Arcade heroes", status=Status.QUEUED, worker="gpu-2", expected_seconds=900.0)
    lost.transitions.create(frm="running", to="queued", worker="gpu-2", reason="The worker has not answered for 30 s", step=1000)
    wait = {"expected_seconds": 1200.0}
    hidden = factories.make_run(max_, name="Hidden", **wait)
    mine = [factories.make_run(ada, digits, name=name, **wait) for name in ("Digits, WGAN", "Digits at 64", "Digits by class")]
    return {"ada": ada, "max": max_, "running": running, "secret": secret, "hidden": hidden, "mine": mine, "lost": lost}


def names(page: Page) -> list[str]:
    return page.locator(".line h3").all_inner_texts()


@pytest.fixture
def queue(page: Page, crowd: dict[str, Any], web: Web) -> Page:
    sign_in(page.context, crowd["ada"], web)
    page.goto(f"{web.url}/queue/")
    return page


@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 390)])
def test_it_is_for_everybody(browser: Browser, crowd: dict[str, Any], web: Web, theme: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce")
    context.add_init_script(path=AXE)
    sign_in(context, crowd["ada"], web)
    page = context.new_page()
    assert look(page, f"{web.url}/queue/") == []
    expect(page.get_by_role("heading", name="A private run")).to_have_count(2)
    expect(page.get_by_text("“Arcade heroes” went back to the queue.")).to_be_visible()
    expect(page.get_by_text("1.9 cores, 1.2 GB")).to_be_visible()
    assert not {"Secret", "Hidden"} & set(page.locator("main").inner_text().split())
    context.close()


def test_a_move_is_shown_at_once_and_the_keyboard_stays(queue: Page, crowd: dict[str, Any]) -> None:
    queue.evaluate("window.samePage = true")
    assert names(queue) == ["Arcade heroes", "Digits, WGAN", "A private run", "Digits at 64", "Digits by class"]
    button = queue.get_by_role("button", name="Move Digits by class up")
    button.focus()
    button.press("Enter")
    expect(queue.locator(".line h3").nth(3)).to_have_text("Digits by class")
    expect(button).to_be_focused()
    queue.get_by_role("button", name="Hold Digits by class").click()
    expect(queue.get_by_role("button", name="Release Digits by class")).to_be_visible()
    assert queue.evaluate("window.samePage")
    assert Run.objects.get(name="Digits by class").held


def test_it_renews_itself_quietly(queue: Page, crowd: dict[str, Any]) -> None:
    picture = queue.locator(f"#run-{crowd['lost'].pk} .face svg").element_handle()
    factories.make_run(crowd["ada"], crowd["running"].dataset, name="Late")
    Run.objects.filter(pk=crowd["running"].pk).update(status=Status.COMPLETED, finished=timezone.now())
    expect(queue.locator(".line h3").filter(has_text="Late")).to_be_visible(timeout=30_000)
    expect(queue.locator("#waiting")).to_contain_text("6")
    expect(queue.locator(".station").first).to_contain_text("Free")
    assert picture.evaluate("one => one.isConnected"), "What did not change was not drawn anew."


def test_the_keyboard_leads_there_and_the_buttons_need_no_scripts(browser: Browser, page: Page, crowd: dict[str, Any], web: Web) -> None:
    sign_in(page.context, crowd["ada"], web)
    page.goto(f"{web.url}/help/")
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page).to_have_url(f"{web.url}/queue/")
    plain = browser.new_context(java_script_enabled=False)
    sign_in(plain, crowd["ada"], web)
    queue = plain.new_page()
    queue.goto(f"{web.url}/queue/")
    queue.get_by_role("button", name="Move Digits, WGAN down").click()
    expect(queue.locator(".line h3")).to_have_text(["Arcade heroes", "Digits at 64", "A private run", "Digits, WGAN", "Digits by class"])
    queue.get_by_role("button", name="Hold Digits, WGAN").click()
    expect(queue.get_by_role("button", name="Release Digits, WGAN")).to_be_visible()
    plain.close()
