"""The device of this worker: `python -m worker.device` prints what torch says of it, as JSON.

A process of its own, since torch and a GPU's context would stay in the worker's memory for as long as it lives.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from worker.process import ROOT

DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Files of which one is there wherever torch can use a GPU."""


def look() -> "subprocess.Popen[str] | None":
    """Begin to ask torch; None where there is only a processor, of which `processor` tells."""
    if settings.GANVAS_DEVICE == "cpu" or (settings.GANVAS_DEVICE == "auto" and not any(Path(driver).exists() for driver in DRIVERS)):
        return None
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.Popen([sys.executable, "-m", "worker.device"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def processor() -> dict[str, Any]:
    """Columns of `Worker` for a worker that trains on the processor."""
    threads = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return {"device": f"CPU, {threads} thread{'' if threads == 1 else 's'}", "memory": _whole_memory()}


def gpu() -> dict[str, Any]:
    """Columns of `Worker` as torch tells them; those of the processor if it finds no GPU."""
    import torch

    from gan_core.precision import choose_device, device_name

    device = choose_device(settings.GANVAS_DEVICE)
    if device.type != "cuda":
        return processor()
    count = min(settings.GANVAS_PROCESSES, torch.cuda.device_count()) if settings.GANVAS_DEVICE == "auto" else 1
    name, memory = device_name(device), torch.cuda.get_device_properties(device).total_memory
    return {"device": name if count == 1 else f"{count} × {name}", "devices": count, "memory": int(memory), "is_gpu": True}


def _whole_memory() -> int:
    """Bytes that this machine has, or that its control group leaves us."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no control group, or "max"
        return whole


if __name__ == "__main__":
    print(json.dumps(gpu()))
