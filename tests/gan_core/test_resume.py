"""A resumed run is the same run: equal to the last bit, whatever ended it."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_core.checkpoint import read
from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable
from gan_core.events import Checkpoint, Event, Losses, Samples
from gan_core.images.store import ImageStore
from gan_core.recipes import RECIPES, configure
from gan_core.train import train
from tests.gan_core.conftest import Prepare
from tests.gan_core.forked import start

LITTLE: dict[str, Any] = {
    "steps": 6,
    "epochs": None,
    "width": 20,
    "height": 16,
    "generator_width": 4,
    "discriminator_width": 4,
    "latent_size": 8,
    "batch_size": 6,
    "warmup_discriminator_steps": 0,
    "score_samples": 0,
}
CELLS: dict[str, dict[str, Any]] = {
    "mlp with dropout": {"architecture": "mlp", "dropout": 0.2, "mirror": True},
    "warm-up": {"objective": "wasserstein", "penalty": "clip", "discriminator_steps": 2, "warmup_discriminator_steps": 4},
    "lazy penalty": {"penalty": "r1", "penalty_interval": 4, "discriminator_batch_norm": False, "schedule": "linear", "penalty_end": 0.5},
    "spectral norm": {"architecture": "resnet", "objective": "hinge", "spectral_norm": True},
    "adaptive": {"augmentation": "adaptive", "instance_noise": 0.1, "mirror": True},
    "in parts": {"accumulate": 3, "augmentation": "diffaugment"},
    "guessed classes": {"conditional": True, "class_method": "auxiliary", "auxiliary_on_fake": True, "class_balanced": True, "dequantise": True},
    "shown classes": {"conditional": True, "class_method": "concatenation", "flip_labels": 0.2, "real_label_low": 0.8},
}
"""What no recipe has, or not in this way."""


def trained_to_death(config: str, store: Path, out: Path, ready: Connection) -> None:
    """A process that trains, keeps step 3, goes on to step 4, and waits to be killed."""
    events = train(TrainConfig.model_validate_json(config), ImageStore.open(store), out, device="cpu")
    event = next(events)
    while not (isinstance(event, Losses) and event.step == 4):
        event = events.send("checkpoint" if isinstance(event, Losses) and event.step == 3 else None)
    ready.send(True)
    signal.pause()


def killed(config: TrainConfig, store: Path, out: Path) -> Path:
    """Train in a process of its own, kill it in the middle; gives what it left to go on from."""
    victim, answers = start(trained_to_death, config.model_dump_json(), store, out)
    assert answers.poll(60) and answers.recv()
    victim.kill()
    victim.join(30)
    assert victim.exitcode == -signal.SIGKILL
    return out / "checkpoint-00000003.safetensors"


def equal(one: Path, other: Path) -> bool:
    """Whether two files hold the same tensors, bit by bit."""
    left, right = read(one)[0], read(other)[0]
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.xdist_group("forked")  # one server for all of them
@pytest.mark.parametrize("name", [*RECIPES, *CELLS])
def test_a_killed_run_goes_on_to_the_same_bits(name: str, digits: Path, sprites: Path, prepared: Prepare, tmp_path: Path) -> None:
    """Over the whole catalogue: after kill -9 the losses, sheets, weights and every other tensor are those of a run that was left alone."""
    config = configure(None, {**LITTLE, **CELLS[name]}) if name in CELLS else configure(name, LITTLE)
    images = prepared(digits if config.channels == "auto" else sprites, config)
    (store,) = (tmp_path / "pictures").iterdir()

    *straight, whole = train(config, images, tmp_path / "straight", device="cpu")
    left = killed(config, store, tmp_path / "halves")
    *rest, end = train(config, images, tmp_path / "halves", resume=left, device="cpu")

    assert isinstance(whole, Checkpoint) and isinstance(end, Checkpoint)
    assert equal(whole.weights, end.weights)
    assert equal(whole.path, end.path)
    points = [event for event in straight if isinstance(event, Losses)]
    again = [event for event in rest if isinstance(event, Losses)]
    assert [point.step for point in again] == [4, 5, 6]
    assert [replace(point, seconds=0) for point in again] == [replace(point, seconds=0) for point in points[3:]]
    sheets = [event.images for event in (*straight, *rest) if isinstance(event, Samples) and event.step == 6]
    assert len(sheets) == 2 and (sheets[0] == sheets[1]).all()


def test_loss_means_that_span_the_interruption_are_the_same(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = TrainConfig.model_validate({**LITTLE, "steps": 10_001, "width": 16, "height": 16, "architecture": "mlp"})
    images = prepared(digits, config)
    assert config.loss_interval(len(images)) == 3

    def first_points(events: Iterator[Event], count: int) -> list[tuple[int, float, float]]:
        found = ((event.step, event.discriminator, event.generator) for event in events if isinstance(event, Losses))
        return [next(found) for _ in range(count)]

    expected = first_points(train(config, images, tmp_path / "straight", device="cpu"), 4)
    events = train(config, images, tmp_path / "halves", device="cpu")
    points = first_points(events, 1)
    events.send("checkpoint")
    event = events.send("checkpoint")  # the first is written at step 3 itself
    while not isinstance(event, Checkpoint):
        event = next(events)
    assert event.step % 3  # in the middle of an interval
    events.close()
    points += first_points(train(config, images, tmp_path / "halves", resume=event.path, device="cpu"), 3)
    assert points == expected


@pytest.fixture
def finished(digits: Path, prepared: Prepare, tmp_path: Path) -> tuple[TrainConfig, ImageStore, Checkpoint]:
    config = TrainConfig.model_validate({**LITTLE, "steps": 2, "width": 16, "height": 16, "architecture": "mlp"})
    images = prepared(digits, config)
    *_, last = train(config, images, tmp_path / "run", device="cpu")
    assert isinstance(last, Checkpoint)
    return config, images, last


def test_a_truncated_checkpoint_is_refused(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    content = last.path.read_bytes()
    for length in (0, 7, 500, len(content) // 2, len(content) - 1):
        last.path.write_bytes(content[:length])
        with pytest.raises(CheckpointUnusable, match="damaged or incomplete"):
            next(train(config, images, tmp_path / "again", resume=last.path, device="cpu"))


def test_an_altered_checkpoint_is_refused(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    content = bytearray(last.path.read_bytes())
    content[-100] ^= 1
    last.path.write_bytes(content)
    with pytest.raises(CheckpointUnusable, match="damaged"):
        next(train(config, images, tmp_path / "again", resume=last.path, device="cpu"))


def test_a_checkpoint_of_other_settings_is_refused_by_their_names(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    other = config.model_copy(update={"beta1": 0.9, "seed": 4})
    with pytest.raises(CheckpointUnusable, match="seed, beta1"):
        next(train(other, images, tmp_path / "again", resume=last.path, device="cpu"))


def test_weights_are_no_checkpoint(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    with pytest.raises(CheckpointUnusable, match="not written by Ganvas"):
        next(train(config, images, tmp_path / "again", resume=last.weights, device="cpu"))


def test_a_missing_checkpoint_is_refused(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, _ = finished
    with pytest.raises(CheckpointUnusable, match="no file"):
        next(train(config, images, tmp_path / "again", resume=tmp_path / "gone.safetensors", device="cpu"))


def test_a_finished_run_may_go_on_with_more_steps(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    events = list(train(config.model_copy(update={"steps": 4}), images, tmp_path / "again", resume=last.path, device="cpu"))
    assert [event.step for event in events if isinstance(event, Losses)] == [3, 4]


def test_resuming_a_finished_run_repeats_nothing(finished: tuple[TrainConfig, ImageStore, Checkpoint], tmp_path: Path) -> None:
    config, images, last = finished
    events = list(train(config, images, tmp_path / "again", resume=last.path, device="cpu"))
    assert not any(isinstance(event, Losses | Samples) for event in events)
    assert isinstance(events[-1], Checkpoint) and events[-1].step == 2
