"""Before a run: what will it need? A dry run of a few steps measures memory and speed on the device that is to train.

    estimate(config, images).total_seconds

To be called in a process of its own: on a processor, memory is that of the whole process, at its highest.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

import torch

from gan_core import memory
from gan_core.batches import Batches
from gan_core.config import WARMUP, TrainConfig
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.precision import choose_device, device_name

TIMED_STEPS = 5
TIMED_SECONDS = 8.0
"""Of each kind of step so many are timed, but none is begun after this time."""
SAFE_SHARE = 0.95
"""A run fits if it takes at most this share of what is available."""


@dataclass(frozen=True, slots=True)
class Estimate:
    device: str
    seconds_per_step: float | None
    """Of a generator step with its discriminator steps; None if it does not fit."""
    memory_bytes: int
    """At its peak. Measured if it fits, else extrapolated from smaller batches."""
    available_bytes: int
    largest_batch: int
    """The batch size that fits, `config.batch_size` if that does; 0 if none does."""
    images_per_second: float | None
    """Real pictures through the discriminator."""
    total_seconds: float | None
    """Of the whole run, without sheets and checkpoints."""

    @property
    def fits(self) -> bool:
        return self.seconds_per_step is not None


def estimate(config: TrainConfig, images: ImageStore, device: str = "auto") -> Estimate:
    """Measure a run of `config` on these pictures.

    Small batches come first, so that a batch which cannot fit is never tried.

    Raises:
        ConfigMismatch: configuration, pictures and device do not go together.
    """
    place = choose_device(device)
    name = device_name(place)
    room = memory.available(place) + (memory.peak(place) if place.type == "cpu" else 0)
    sizes = sorted(
        {max(2, config.batch_size // 8), max(2, config.batch_size // 4), config.batch_size} if config.batch_size >= 16 else {config.batch_size}
    )
    peaks: dict[int, int] = {}
    for size in sizes:
        predicted = _extrapolated(peaks, config.batch_size)
        if size == config.batch_size and predicted > room * SAFE_SHARE:
            return Estimate(name, None, predicted, room, _largest(peaks, room), None, None)
        smaller = config if size == config.batch_size else config.model_copy(update={"batch_size": size, "accumulate": 1})
        try:
            timings = _dry_run(smaller, images, place, timed=size == config.batch_size)
        except (RuntimeError, MemoryError) as error:
            if not memory.ran_out(error):
                raise
            return Estimate(name, None, max(predicted, room), room, _largest(peaks, room), None, None)
        peaks[size] = memory.peak(place)
    seconds = _mean_step(config, timings)
    total_steps = config.total_steps(len(Batches(config, images, torch.device("cpu"))))
    # steps with more discriminator steps than usual take about so many times as long
    total = seconds * config.discriminator_steps_until(total_steps) / config.discriminator_steps
    rate = config.batch_size * config.discriminator_steps / seconds
    return Estimate(name, seconds, peaks[config.batch_size], room, config.batch_size, rate, total)


def _dry_run(config: TrainConfig, images: ImageStore, device: torch.device, *, timed: bool) -> dict[bool, float]:
    """Seconds of a step by whether it computes a penalty. Untimed, one step of each kind shows how much memory they take."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    batches = Batches(config, images, device)
    players = Players(config, images.images.shape[3], len(images.class_names), len(batches), device)
    seconds = {}
    for penalised in {_is_penalised(config, number) for number in range(WARMUP + 2, WARMUP + 2 + config.penalty_interval)}:
        numbers = _numbers(config, penalised)
        _timed_step(players, batches, next(numbers))  # the first one also sets things up
        if timed:
            begun = time.monotonic()
            seconds[penalised] = median(
                _timed_step(players, batches, number)
                for count, number in enumerate(islice(numbers, TIMED_STEPS))
                if not count or time.monotonic() - begun < TIMED_SECONDS
            )
    return seconds


def _numbers(config: TrainConfig, penalised: bool) -> Iterator[int]:
    """Steps after the warm-up that compute a penalty, or do not."""
    return (number for number in range(WARMUP + 2, WARMUP + 450) if _is_penalised(config, number) == penalised)


def _is_penalised(config: TrainConfig, number: int) -> bool:
    first, end = (config.discriminator_steps_until(step) for step in (number - 1, number))
    return any(index % config.penalty_interval == 0 for index in range(first, end))


def _timed_step(players: Players, batches: Batches, number: int) -> float:
    begun = time.monotonic()
    players.step(number, batches)
    if players.device.type == "cuda":
        torch.cuda.synchronize(players.device)
    return time.monotonic() - begun


def _mean_step(config: TrainConfig, seconds: dict[bool, float]) -> float:
    period = range(WARMUP + 2, WARMUP + 2 + config.penalty_interval)
    return sum(seconds[_is_penalised(config, number)] for number in period) / len(period)


def _slope(peaks: dict[int, int]) -> tuple[float, float]:
    """(bytes without pictures, bytes a picture) from the two batch sizes tried."""
    (small, low), (large, high) = sorted(peaks.items())[:2]
    each = max(0.0, (high - low) / (large - small))
    return low - each * small, each


def _extrapolated(peaks: dict[int, int], batch_size: int) -> int:
    if len(peaks) < 2:
        return 0
    base, each = _slope(peaks)
    return int(base + each * batch_size)


def _largest(peaks: dict[int, int], room: int) -> int:
    """The largest batch size that fits, down to a power of two."""
    if len(peaks) < 2:
        return max(peaks, default=0)
    base, each = _slope(peaks)
    most = int((room * SAFE_SHARE - base) / each) if each else 0
    return 1 << (most.bit_length() - 1) if most >= 2 else 0
