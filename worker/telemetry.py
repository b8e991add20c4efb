"""What a run uses of its machine: processor, memory and, where it has one, the GPU. Read every few seconds by the run's own process.

A reading goes out with the progress that `worker.record` writes anyway, so it costs no UPDATE of its own.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

log = logging.getLogger(__name__)

SECONDS = 5.0
"""Between two readings."""


class Process(NamedTuple):
    """A line of the kernel's table of processes."""

    pid: int
    parent: int
    cpu_seconds: float
    memory_bytes: int


class Meter:
    """Reads what this process and those that it has started use.

    Memory is what is resident: pages that several processes share count once for each. What the GPU tells is of the run's first device as a
    whole, whoever uses it; it has been tried on no GPU yet. Without Linux's /proc, processor and memory are not told.
    """

    def __init__(self) -> None:
        self._read = time.monotonic()
        self._cpu = {one.pid: one.cpu_seconds for one in family()}
        self._tells_load = True

    def due(self) -> dict[str, Any]:
        """The column of the run with a new reading; nothing while the last one is new enough."""
        seconds = time.monotonic() - self._read
        if seconds < SECONDS:
            return {}
        self._read += seconds
        return {"telemetry": {"measured": timezone.now().isoformat(), **self._machine(seconds), **self._gpu()}}

    def _machine(self, seconds: float) -> dict[str, Any]:
        now = family()
        if not now:
            return {"cpu_percent": None, "memory_bytes": None}
        used = sum(one.cpu_seconds - self._cpu.get(one.pid, 0.0) for one in now)
        self._cpu = {one.pid: one.cpu_seconds for one in now}
        return {"cpu_percent": round(100 * used / seconds, 1), "memory_bytes": sum(one.memory_bytes for one in now)}

    def _gpu(self) -> dict[str, Any]:
        torch = sys.modules.get("torch")
        if torch is None or not torch.cuda.is_initialized():
            return {"gpu_percent": None, "gpu_memory_bytes": None, "gpu_memory_total": None}
        from gan_core.precision import choose_device

        device = choose_device(settings.GANVAS_DEVICE)
        free, total = torch.cuda.mem_get_info(device)
        return {"gpu_percent": self._gpu_load(torch, device), "gpu_memory_bytes": total - free, "gpu_memory_total": total}

    def _gpu_load(self, torch: Any, device: Any) -> float | None:
        """Share of the time in which the GPU computed, in percent; None unless the driver's Python library is installed (nvidia-ml-py or amdsmi)."""
        if not self._tells_load:
            return None
        try:
            return float(torch.cuda.utilization(device))
        except Exception as error:  # the driver's libraries have errors of their own, and none of them shall cost the run
            log.warning("The GPU's load is not told: %s", error)
            self._tells_load = False
            return None


def family() -> list[Process]:
    """This process and all that descend from it; none where the kernel has no /proc."""
    children: dict[int, list[Process]] = {}
    everybody = {one.pid: one for one in table()}
    for one in everybody.values():
        children.setdefault(one.parent, []).append(one)
    found = [everybody[os.getpid()]] if os.getpid() in everybody else []
    for one in found:  # grows meanwhile
        found += children.get(one.pid, ())
    return found


def table() -> Iterator[Process]:
    """Every process that we may look at."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for name in os.listdir("/proc") if Path("/proc/self/stat").exists() else ():
        if not name.isdecimal():
            continue
        try:
            # proc_pid_stat(5). The second field, a name in brackets, may hold anything; the fields after it count from the third.
            fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        yield Process(int(name), int(fields[1]), (int(fields[11]) + int(fields[12])) / tick, int(fields[21]) * page)
