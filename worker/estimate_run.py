"""The process of one measurement: `python -m worker.estimate_run <key> <worker's process>`. Started by `worker.estimates` only.

It trains a few steps on pictures of noise, since neither time nor memory depends on what is in them.
"""

import os
import sys

from worker.process import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[2]))  # before anything that takes time
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

    import django

    django.setup()

import resource
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
from django.conf import settings
from django.utils import timezone

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.images.store import ImageStore
from portal.estimates.models import Estimate

CHANNELS = {"grey": 1, "rgb": 3, "rgba": 4}
NICENESS = 10
FEWEST = 64
"""Pictures of noise, or as many as a batch."""


def main(key: str) -> None:
    estimate = Estimate.objects.filter(pk=key, measured=None).first()
    if estimate is None:
        return  # answered meanwhile, or no longer asked
    config = TrainConfig.model_validate(estimate.config)
    found = _figures(config, noise(config, estimate.classes))
    Estimate.objects.filter(pk=key, begun=estimate.begun, measured=None).update(measured=timezone.now(), **found)


def noise(config: TrainConfig, classes: int) -> ImageStore:
    """Pictures as the settings ask for them, of nothing."""
    random = np.random.default_rng(1)
    count = max(FEWEST, config.batch_size, classes)
    images = random.integers(0, 256, (count, config.height, config.width, CHANNELS[config.channels]), dtype=np.uint8)
    labels = np.arange(count) % classes if classes else None
    return ImageStore(cast(Any, images), labels, tuple(str(label) for label in range(classes)))


def _figures(config: TrainConfig, images: ImageStore) -> dict[str, Any]:
    """Columns of the answer."""
    from gan_core.estimate import SAFE_SHARE, estimate
    from gan_core.precision import choose_device

    try:
        device = choose_device(settings.GANVAS_DEVICE)
        whole = _leave_room(device)
        found = estimate(config, images, device=settings.GANVAS_DEVICE)
    except GanCoreError as error:
        return {"error": str(error)[:500]}
    available = whole or found.available_bytes
    if not found.fits and found.memory_bytes <= available * SAFE_SHARE:
        return {"error": "The device is busy with a run, so that this could not be tried out."}
    return {
        "device": found.device,
        "is_gpu": device.type == "cuda",
        "seconds_per_step": found.seconds_per_step,
        "memory_bytes": found.memory_bytes,
        "available_bytes": available,
        "largest_batch": found.largest_batch,
    }


def _leave_room(device: Any) -> int:
    """Take no memory that others need, and be the first to go when it runs out. The whole memory of a GPU in bytes, 0 of a processor."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    import torch

    from gan_core import memory

    if device.type != "cuda":
        taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (taken + memory.available(device), resource.RLIM_INFINITY))
        return 0
    free, whole = torch.cuda.mem_get_info(device)
    if free < 0.9 * whole:  # a run is at it, which may want more in a moment
        torch.cuda.set_per_process_memory_fraction(0.75 * free / whole, device)
    return int(whole)


if __name__ == "__main__":
    os.nice(NICENESS)
    main(sys.argv[1])
