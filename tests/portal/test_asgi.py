"""The web process as it is when it has started."""

import subprocess
import sys

from tests.processes import ROOT

STARTED = "import gc, portal.asgi; before = gc.get_freeze_count(); gc.collect(); print(before, len(gc.get_objects()))"


def test_what_is_loaded_once_is_not_searched_for_garbage() -> None:
    told = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    frozen, searched = map(int, told.split())
    assert frozen > 100_000 > 20 * searched
