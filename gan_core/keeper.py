"""Writing checkpoints by a thread while training goes on, one after the other."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from gan_core.events import Checkpoint, Event, Note
from gan_core.state import Snapshot


class Keeper:
    """Files of a run's checkpoints in a directory. Left as a context manager, it has written what it began."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.last_good: Path | None = None
        """The newest checkpoint that is whole."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._writing: Future[Checkpoint] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._thread.shutdown()

    @property
    def busy(self) -> bool:
        """Whether one was begun that `written` has not told of."""
        return self._writing is not None

    def write(self, snapshot: Snapshot) -> None:
        """Begin."""
        self._writing = self._thread.submit(self._write, snapshot)

    def _write(self, snapshot: Snapshot) -> Checkpoint:
        path, weights = snapshot.write(self.directory)
        return Checkpoint(snapshot.step, path, weights, best=snapshot.best_step == snapshot.step)

    def written(self, step: int, *, wait: bool = False, needed: bool = False) -> Iterator[Event]:
        """The checkpoint that was begun, once its files are there. If the disk had no room for it, training goes on, unless it is needed.

        Args:
            step: where training is now.
        """
        if self._writing and (wait or self._writing.done()):
            writing, self._writing = self._writing, None
            try:
                event = writing.result()
            except OSError as error:
                if needed:
                    raise
                yield Note(step, f"A checkpoint could not be written, and is tried again when the next one is due: {error}")
                return
            self.last_good = event.path
            yield replace(event, late=event.step < step)
