"""Every test process has a state directory of its own, so that nothing under `var/` is read or written."""

import atexit
import os
import shutil
import tempfile

import django

os.environ["GANVAS_VAR"] = tempfile.mkdtemp(prefix="ganvas-test-")
atexit.register(shutil.rmtree, os.environ["GANVAS_VAR"], ignore_errors=True)
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
os.environ.setdefault("OMP_NUM_THREADS", "1")
for _name in ("GANVAS_URL", "REDIS_URL", "GANVAS_S3_BUCKET", "GANVAS_DEVICE"):
    os.environ.pop(_name, None)
# Here and not by pytest-django's option, which would read the settings before this file has set the directory.
django.setup()
# Test processes that this one starts inherit the environment: with this variable they would read the settings too early as well.
del os.environ["DJANGO_SETTINGS_MODULE"]

from collections.abc import Iterator  # noqa: E402  # the settings read the environment above
from typing import Any  # noqa: E402

import pytest  # noqa: E402

from tests.object_store import ObjectStore  # noqa: E402
from tests.processes import ROOT, Broker, Portal  # noqa: E402


@pytest.fixture
def broker(installation: Portal) -> Broker:
    """A broker of the test's own, running; this process uses it, too."""
    installation.broker.start()
    return installation.broker


@pytest.fixture
def installation(transactional_db: None, settings: object) -> Iterator[Portal]:
    """Starts real processes on the test's database (see tests/processes.py); its broker is not yet started."""
    portal = Portal()
    portal.join(settings)
    yield portal
    portal.close()


@pytest.fixture
def store(installation: Portal, settings: Any) -> Iterator[ObjectStore]:
    """The file storage of this process, and of what is started from now on: S3, on a disk of its own."""
    store = ObjectStore()
    installation.environment |= {**store.variables, "GANVAS_CACHE": str(installation.directory / "another-nodes-disk")}
    settings.STORAGES = {**settings.STORAGES, "default": store.storage}
    yield store
    store.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last and in one process: Playwright's event loop stays in its thread, where other tests' own could not run."""
    browser = ROOT / "tests" / "browser"
    for item in items:
        if item.path.is_relative_to(browser):
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=lambda item: item.path.is_relative_to(browser))
