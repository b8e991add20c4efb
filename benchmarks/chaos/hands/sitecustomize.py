"""Python imports this before a program whose path it is on. From then on the program's clock is ahead by as much as the file in CHAOS_CLOCK says."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

EVERY = 0.1
"""Seconds between two looks at the file."""


def follow(file: Path) -> None:
    shown, moved = 0, None
    while True:
        ahead = int(file.read_text())
        if ahead != shown:
            if moved:
                moved.stop()
            moved = time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)) if ahead else None
            if moved:
                moved.start()
            shown = ahead
        time.sleep(EVERY)


threading.Thread(target=follow, args=(Path(os.environ["CHAOS_CLOCK"]),), name="clock", daemon=True).start()
