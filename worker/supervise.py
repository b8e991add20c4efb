"""Supervision: claims runs, starts each one's process, renews its lease, passes on wishes, and judges its exit.

The database is the only truth. What is written here goes through `held_by`, so a supervisor that was frozen or cut off
finds its run taken, ends its process and writes nothing.
"""

import logging
import signal
import threading
import time

from django.db import InterfaceError, OperationalError, connection

from portal import broker, words
from portal.leases import lease, lease_end
from portal.runs.control import announce
from portal.runs.models import ACTIVE, Run, Status
from worker import cores, exits, memory, prepared, returns
from worker.claim import claim_next
from worker.patience import patiently
from worker.process import RunProcess

log = logging.getLogger(__name__)

TICK = 0.4
"""Seconds between two looks at the run's wishes and log."""
GRACE = 30.0
"""Seconds a process has for its last checkpoint before it is killed."""
OUT_OF_MEMORY = "The training process was killed, probably because the machine ran out of memory: smaller pictures or a smaller batch need less."

FIRST_REST, LONGEST_REST = 2.0, 300.0
"""Seconds before a worker claims again when a run of its could not reach storage or found the disk full, and no longer each time. Until then
others may try, whose disk is not full."""

stopping = threading.Event()
"""Set when this worker is to end: the run goes back to the queue."""


def work(worker: str) -> None:
    """Train one run after another until the queue is empty or the worker is to end."""
    prepared.sweep()
    rest = 0.0
    while not stopping.wait(rest) and (run := claim_next(worker)) is not None:
        announce(run)
        out_of_reach = Supervisor(run).accompany() == exits.OUT_OF_REACH
        rest = min(max(FIRST_REST, 2 * rest), LONGEST_REST) if out_of_reach else 0.0


class Supervisor:
    """One claimed run, from the start of its process to the judgement of its exit."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.held = Run.objects.held_by(run.pk, run.attempt)
        self.tail = run.log_tail
        self.unwritten: list[str] = []
        self.lease = lease()
        self.renewed = time.monotonic()
        self.asked_at: float | None = None
        self.killed = False
        self.lost = False
        self.over = threading.Event()
        self.kernel_kills = memory.kernel_kills()
        processors = cores.mine()
        self.process = RunProcess(str(run.pk), run.attempt, processors, threads=len(cores.cores_of(processors)))

    def accompany(self) -> int:
        """Returns the exit code of the process."""
        log.info("Run %s: attempt %s started", self.run.pk, self.run.attempt)
        try:
            threading.Thread(target=self._mind_the_lease, name=f"lease-{self.run.pk}", daemon=True).start()
            while (code := self.process.wait(TICK)) is None:
                self._tick()
        finally:
            self.over.set()
            if self.process.wait(0) is None:  # an error of ours must not leave it running without a lease
                self._kill()
                self.process.wait(GRACE)
            prepared.discard_work(self.run.pk, self.run.attempt)
        patiently(self._write_log)
        patiently(lambda: self._judge(code))
        return code

    def _tick(self) -> None:
        try:
            self._look()
        except (OperationalError, InterfaceError) as error:
            log.warning("Run %s: the database is out of reach: %s", self.run.pk, error)
            connection.close()

    def _mind_the_lease(self) -> None:
        """Kill the process when its lease ends, for somebody else may hold the run from then on. On a thread that asks the database nothing: it may
        be this very process for which the database lets everybody wait, if it was stopped in the middle of a transaction.
        """
        while not self.over.wait(TICK):
            if time.monotonic() - self.renewed > self.lease.total_seconds():
                log.warning("Run %s: the lease of attempt %s could not be renewed", self.run.pk, self.run.attempt)
                self.lost = True
                return self._kill()

    def _look(self) -> None:
        wishes = self.held.values_list("status", "control", "sample_wanted", "class_sheets_wanted").first()
        if wishes is None:
            log.warning("Run %s: attempt %s no longer holds it", self.run.pk, self.run.attempt)
            self._kill()
            return
        status, control, *sheets = wishes
        if (control or stopping.is_set()) and self.asked_at is None:
            self.asked_at = time.monotonic()
            self.process.ask_to_leave()
        elif self.asked_at is not None and time.monotonic() - self.asked_at > GRACE:
            self._kill()
        elif any(sheets) and status == Status.RUNNING:  # before that the process does not know the signal and would die of it
            self.process.ask_for_sheet()  # again and again until the process has taken the wish from the row
        if time.monotonic() - self.renewed > self.lease.total_seconds() / 4:
            self._renew()
        self._write_log()

    def _kill(self) -> None:
        self.killed = True
        self.process.kill()

    def _renew(self) -> None:
        begun = time.monotonic()
        if self.held.update(lease_expires=lease_end()):
            self.renewed = begun

    def _write_log(self) -> None:
        self.unwritten += self.process.take_lines()
        if not self.unwritten:
            return
        tail = "\n".join(filter(None, [self.tail, *self.unwritten]))[-Run.LOG_TAIL :]
        if self.held.update(log_tail=tail):
            broker.publish(self.run.pk, "log", {"lines": self.unwritten})
        self.tail, self.unwritten = tail, []

    def _judge(self, code: int) -> None:
        run, attempt = self.run, self.run.attempt
        log.info("Run %s: attempt %s ended with code %s", run.pk, attempt, code)
        if code == exits.COMPLETED:
            if run.move(Status.COMPLETED, frm=ACTIVE, held_by=attempt, reason=self._why_complete(), lease_expires=None, control=Run.Control.NONE):
                announce(run)
        elif code == exits.OUT_OF_REACH:
            returns.give_back(run, attempt, self.tail.rpartition("\n")[2])
        elif code == exits.REFUSED:
            returns.fail(run, attempt, self.held.values_list("error", flat=True).first() or "")
        elif code == exits.LEFT or (self.asked_at is not None and -code in (signal.SIGTERM, signal.SIGKILL)):
            returns.give_back(run, attempt, self._why_left(code))
        elif self.lost and code == -signal.SIGKILL:
            returns.give_back(run, attempt, "Its lease could not be renewed: the database was out of reach")
        elif self._ran_out_of_memory(code):
            self._divide()
        elif code != exits.SUPERSEDED:
            returns.crashed(run, attempt, self._explain(code))

    def _why_left(self, code: int) -> str:
        """Nothing if it left because its owner wished so, and that was all."""
        killed = "Its process was killed before it could write a checkpoint" if code == -signal.SIGKILL else ""
        return ". ".join(filter(None, ("The worker is shutting down" if stopping.is_set() else "", killed)))

    def _why_complete(self) -> str:
        step, total = self.held.values_list("step", "total_steps").first() or (0, 0)
        return f"No better score for {words.counted(self.run.config['patience'], 'score')}" if step < total else "All steps done"

    def _ran_out_of_memory(self, code: int) -> bool:
        """Killed by the kernel for want of memory: it says so itself, or it happened twice in a row, which nobody does by accident."""
        if code != -signal.SIGKILL or self.killed:
            return False
        return memory.kernel_kills() > self.kernel_kills or (self.held.values_list("failures", flat=True).first() or 0) > 0

    def _divide(self) -> None:
        """Try again with a batch in more parts. A smaller batch would be another training; parts of it need less memory."""
        parts = min(2 * self.run.parts, self.run.config["batch_size"])
        remedy = f"The next attempt works through each batch in {parts} parts." if parts > self.run.parts else ""
        returns.crashed(self.run, self.run.attempt, OUT_OF_MEMORY, remedy=remedy, parts=parts)

    def _explain(self, code: int) -> str:
        if code == -signal.SIGKILL:
            return "The training process was killed. Perhaps the machine ran out of memory: try a smaller batch or smaller pictures."
        if code < 0:
            return f"The training process was ended by {signal.Signals(-code).name}."
        return f"The training process ended with an error: {self.tail.rpartition(chr(10))[2]}"
