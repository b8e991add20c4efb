"""Clocks that can be set, one for each program, where `time-machine` is installed (requirements-benchmarks.txt).

As on a machine whose clock is set, time that is only measured goes on as it is (`time.monotonic`). The clock of SQLite is left right, as
PostgreSQL's is.
"""

from importlib.util import find_spec
from pathlib import Path

HANDS = Path(__file__).with_name("hands")
CAN_BE_SET = find_spec("time_machine") is not None


class Clocks:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.names: set[str] = set()

    def variables(self, name: str) -> dict[str, str]:
        """The environment of a program whose clock is to be set under this name."""
        if name not in self.names:
            self.set(name, 0)
            self.names.add(name)
        return {"PYTHONPATH": str(HANDS), "CHAOS_CLOCK": str(self._file(name))}

    def set(self, name: str, seconds: int) -> None:
        """To so many seconds ahead of the right time."""
        new = self._file(name).with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self._file(name))

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.clock"
