"""How the kernel answers when memory runs out: it kills the largest process, which then has died of SIGKILL without anybody's wish."""

from pathlib import Path

COUNTERS = Path("/proc/vmstat")


def kernel_kills() -> int:
    """Processes killed for want of memory since this machine started, containers included; 0 where the kernel does not say (only Linux does)."""
    try:
        lines = COUNTERS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
