"""Work on several cores: the same results in the same order, errors at their turn, and no process is left over."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_core.errors import PictureSkipped
from gan_core.images import decode, ordered
from gan_core.images.archive import Limits
from gan_core.images.fit import Shape
from gan_core.images.manifest import Manifest
from gan_core.images.ordered import in_order
from gan_core.images.store import prepare
from gan_core.images.survey import take_stock
from tests.gan_core.images.build import encoded, png, zipped

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two helpers from the first item on, whatever machine this is."""
    monkeypatch.setattr(ordered, "IN_LINE_SECONDS", 0.0)
    monkeypatch.setattr(ordered, "cores", lambda: 2)


def children(parent: int) -> list[int]:
    """Processes started by another one, in any of its threads."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]


def alive(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def numbers(count: int) -> Iterator[int]:
    return iter(range(count))


def test_pictures_are_the_same_from_one_process_and_from_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smooth = Image.radial_gradient("L").resize((1024, 768)).convert("RGB")
    files = {f"{number % 3}/{number}.png": png(number, (20 + number % 50, 30)) for number in range(300)}
    files |= {f"{number}.jpg": encoded(smooth.rotate(number), "JPEG", quality=95) for number in range(6)}
    files |= {"a.txt": b"x", "bad.png": png()[:60], "z.png": png(1, (200, 300))}
    data = zipped(files)
    found: list[tuple[Manifest, bytes]] = []
    for count in (1, 2):
        monkeypatch.setattr(ordered, "IN_LINE_SECONDS", 0.0)
        monkeypatch.setattr(ordered, "cores", lambda count=count: count)
        manifest = take_stock(io.BytesIO(data))
        store = prepare(io.BytesIO(data), manifest, tmp_path / str(count), Shape(32, 32, 3, "crop", "#ffffff"))
        found.append((manifest, store.images.tobytes()))
    assert found[0] == found[1] and len(found[0][0]) == 307


def test_results_come_in_order_and_helpers_do_the_work(at_once: None) -> None:
    results = list(in_order(process_of, numbers(1000), lambda _: 1))
    assert [item for item, _ in results] == list(range(1000))
    helpers = {process for _, process in results}
    assert os.getpid() not in helpers and len(helpers) == 2 and not any(alive(helper) for helper in helpers)


def test_heavy_items_are_worked_on_by_threads_of_this_process(at_once: None) -> None:
    assert {process for _, process in in_order(process_of, numbers(9), lambda _: ordered.HEAVY)} == {os.getpid()}


def test_few_items_start_no_helper() -> None:
    assert {process for _, process in in_order(process_of, numbers(9), lambda _: 1)} == {os.getpid()}


def test_an_error_surfaces_at_its_turn_as_what_it_was(at_once: None) -> None:
    seen = []
    with pytest.raises(PictureSkipped) as raised:
        for item, _ in in_order(refuse_seven, numbers(500), lambda _: 1):
            seen.append(item)
    assert seen == list(range(7)) and (raised.value.reason, raised.value.detail) == ("damaged", "seven")


def test_a_helper_that_dies_leaves_its_share_to_this_process(at_once: None) -> None:
    results = dict(in_order(partial(dies_elsewhere, home=os.getpid()), numbers(300), lambda _: 1))
    assert results == {number: number for number in range(300)}


def test_giants_are_left_to_this_process(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    giant = encoded(Image.new("1", (4001, 4001)))
    assert len(giant) < ordered.HEAVY and decode.GIANT < 4001**2
    work = partial(decoded_by, limits=Limits())
    results = [result for _, result in in_order(work, [png(), giant, png()], len)]
    assert [process == os.getpid() for process, _ in results] == [False, True, False]
    assert [shape for _, shape in results] == [(8, 8, 3), (4001, 4001, 1), (8, 8, 3)]


def test_leaving_early_ends_the_helpers(at_once: None) -> None:
    with closing(in_order(process_of, numbers(10_000), lambda _: 1)) as results:  # type: ignore[type-var]
        _, process = next(results)
        assert alive(process)
    assert not alive(process)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found as Linux lists them")
def test_killing_a_process_leaves_no_helper(tmp_path: Path) -> None:
    started = subprocess.Popen([sys.executable, "-c", VICTIM], cwd=ROOT)
    try:
        until(lambda: len(children(started.pid)) == 2)
        helpers = children(started.pid)
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()
    until(lambda: not any(alive(helper) for helper in helpers))


VICTIM = """
from itertools import count
from gan_core.images import ordered
from tests.gan_core.images.test_ordered import process_of
ordered.IN_LINE_SECONDS, ordered.cores = 0.0, lambda: 2
for _ in ordered.in_order(process_of, count(), lambda _: 1):
    pass
"""


def process_of(item: int) -> int:
    return os.getpid()


def refuse_seven(item: int) -> int:
    if item == 7:
        raise PictureSkipped("damaged", "seven")
    return item


def dies_elsewhere(item: int, home: int) -> int:
    if item == 130 and os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def decoded_by(data: bytes, limits: Limits) -> tuple[int, tuple[int, ...]]:
    return os.getpid(), np.shape(decode.decode(data, pixels=limits.pixels).array)
