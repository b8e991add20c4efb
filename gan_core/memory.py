"""Memory of the device that trains: how much there is, how much was taken, whether an error means that there was too little, and keeping it."""

import ctypes
import os
import resource
from pathlib import Path

import torch

WORDS = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "could not create a primitive", "could not create a memory")
"""What torch's allocators and oneDNN say, in lower case."""
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""Of mallopt(3)."""
_NEVER = 2**31 - 1


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
    free = _field("/proc/meminfo", "MemAvailable") or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no control group, or "max"
        return free
    return max(0, min(free, limit - used))


def peak(device: torch.device) -> int:
    """Bytes taken at most so far: of the GPU by this process's tensors, or of the machine by the whole process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    # unlike getrusage's, this figure begins anew with the program
    return _field("/proc/self/status", "VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def keep_freed() -> None:
    """Have the C library keep what tensors give back, for those of the next step, where it would return large pieces to the kernel, which
    clears each page again. For the whole process and for good, so it is for programs to call. Only glibc knows it; others go on as they were.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _NEVER)


def _field(file: str, name: str) -> int:
    """A field of one of the kernel's tables, in bytes; 0 where there is none."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)
