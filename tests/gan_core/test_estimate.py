"""The dry run: speed and memory of real steps, and what is said of a batch that cannot fit."""

import math
from multiprocessing.connection import Connection

import numpy as np
import pytest

from gan_core import estimate as module
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.estimate import estimate
from gan_core.images.store import ImageStore
from gan_core.players import Players
from tests.gan_core.forked import answer_of
from tests.gan_core.test_train import noise, tiny


def test_speed_and_length_belong_together() -> None:
    config = tiny(steps=500)
    found = estimate(config, noise(), "cpu")
    assert found.fits and found.seconds_per_step and found.images_per_second and found.total_seconds
    assert math.isclose(found.images_per_second, config.batch_size / found.seconds_per_step)
    assert math.isclose(found.total_seconds, 500 * found.seconds_per_step)
    assert found.device.startswith("CPU") and found.largest_batch == config.batch_size
    assert 0 < found.memory_bytes < found.available_bytes


def test_wider_networks_take_longer() -> None:
    narrow, wide = (estimate(tiny(generator_width=width, discriminator_width=width, batch_size=32), noise(), "cpu") for width in (4, 128))
    assert wide.seconds_per_step > 1.5 * narrow.seconds_per_step  # type: ignore[operator]


def test_the_steps_of_the_warm_up_are_counted() -> None:
    config = tiny(steps=100, objective="wasserstein", penalty="clip", warmup_discriminator_steps=10)
    found = estimate(config, noise(), "cpu")
    assert found.total_seconds and found.seconds_per_step
    assert math.isclose(found.total_seconds, (75 + 25 * 10) * found.seconds_per_step)


def test_a_lazy_penalty_is_spread_over_the_steps_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timed by a clock that knows only two kinds of steps: one second with the penalty, a quarter without."""
    config = tiny(penalty="r1", penalty_interval=4, architecture="r3gan")
    seen: list[bool] = []

    def timed(players: Players, batches: object, number: int) -> float:
        players.step(number, batches)  # type: ignore[arg-type]
        seen.append((number - 1) % 4 == 0)
        return 1.0 if seen[-1] else 0.25

    monkeypatch.setattr(module, "_timed_step", timed)
    assert estimate(config, noise(), "cpu").seconds_per_step == pytest.approx((1.0 + 3 * 0.25) / 4)
    assert set(seen) == {True, False}


def test_a_batch_that_cannot_fit_is_never_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    run = module._dry_run

    def noted(config: TrainConfig, *arguments: object, **timed: bool) -> dict[bool, float]:
        tried.append(config.batch_size)
        return run(config, *arguments, **timed)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_dry_run", noted)
    monkeypatch.setattr(module.memory, "peak", lambda device: 10**9 + 10**7 * max(tried, default=0))  # ten megabytes a picture
    monkeypatch.setattr(module.memory, "available", lambda device: 8 * 10**8)
    found = estimate(tiny(batch_size=128), noise(), "cpu")
    assert tried == [16, 32]
    assert not found.fits and found.memory_bytes == pytest.approx(10**9 + 128 * 10**7, rel=0.01)
    assert found.largest_batch == 64 and found.total_seconds is None


def measured(batch_size: int, answer: Connection) -> None:
    values = {"steps": 9, "width": 64, "height": 64, "generator_width": 8, "discriminator_width": 8, "latent_size": 8, "batch_size": batch_size}
    images = ImageStore(np.zeros((9, 64, 64, 3), np.uint8), None, ())  # type: ignore[arg-type]
    answer.send(estimate(TrainConfig.model_validate(values), images, "cpu").memory_bytes)


@pytest.mark.xdist_group("forked")
def test_memory_grows_with_the_batch() -> None:
    """Each in a process of its own, as it is meant to be used."""
    small, large = answer_of(measured, 4), answer_of(measured, 128)
    assert large - small > 124 * 64 * 64 * 8 * 4  # at least the first layer's maps
    assert 100 * 2**20 < small < 2 * 2**30


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(ConfigMismatch, match="no classes"):
        estimate(tiny(conditional=True), noise(), "cpu")
