"""Memory of the device that trains: how much there is, and whether an error means that there was too little."""

import os
from pathlib import Path

import torch

WORDS = ("can't allocate memory", "not enough memory", "out of memory")
"""What torch's allocators say, in lower case."""


def ran_out(error: BaseException) -> bool:
    """Whether an error of a training step means that memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in WORDS)


def available(device: torch.device) -> int:
    """Bytes that a run could still take. On a processor within the limit of this process's control group, if it has one."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    free = _meminfo("MemAvailable") or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no control group, or "max"
        return free
    return max(0, min(free, limit - used))


def _meminfo(field: str) -> int:
    """A field of /proc/meminfo in bytes; 0 where there is none."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
