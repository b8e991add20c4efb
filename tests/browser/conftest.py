"""Browser tests: Chromium against a real web process with the collected static files and the strict content policy."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.processes import ROOT, Broker, Portal, Web

# Playwright's event loop runs in this thread; the database is used between its calls, never within.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def chromium(playwright: Playwright) -> str | None:
    """The system's Chromium, or one that Playwright has; None if there is neither."""
    for known in ("/usr/bin/chromium", shutil.which("chromium"), shutil.which("chromium-browser"), shutil.which("google-chrome")):
        if known and Path(known).is_file():
            return known
    own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], playwright: Playwright) -> dict[str, Any]:
    path = chromium(playwright)
    if path is None:
        pytest.skip("No Chromium was found: install Debian's chromium package, or run `playwright install chromium`.")
    return {**browser_type_launch_args, "executable_path": path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def static_files(browser_type_launch_args: Any) -> None:
    """Collected once, as an installation does before it serves."""
    if not (Path(ROOT) / "static" / "icons.svg").is_file():
        pytest.skip("The browser libraries are missing: run scripts/vendor.py.")
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def served(static_files: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Portal, list[Web]]]:
    """A broker on the test database for the whole session, and the web processes started so far."""
    portal = Portal()
    with django_db_blocker.unblock():
        portal.broker.start()
        yield portal, []
        portal.close()


@pytest.fixture
def web(served: tuple[Portal, list[Web]], transactional_db: None, settings: Any) -> Web:
    """The web process, shared by the tests because starting takes seconds; anew if a test has killed it."""
    portal, webs = served
    portal.join(settings)
    if not webs or webs[-1].process.popen.poll() is not None:
        webs.append(portal.web())
    return webs[-1]


@pytest.fixture
def own_web(static_files: None, installation: Portal, broker: Broker) -> Web:
    """A web process and a broker of the test's own, for tests that start workers, too."""
    return installation.web()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages complained of on their consoles; a test that opens pages asserts that it stays empty."""
    return []


@pytest.fixture
def page(page: Page, complaints: list[str]) -> Iterator[Page]:
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}") if message.type in ("error", "warning") else None)
    page.set_default_timeout(20_000)
    yield page
    assert complaints == []


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "reduced_motion": "reduce"}


def sign_in(context: BrowserContext, user: Any, web: Web) -> None:
    """A session of that user, without the form; the form has a test of its own."""
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value, "url": web.url}])
