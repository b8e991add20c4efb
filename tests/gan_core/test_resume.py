"""A resumed run is the same run: equal to the last bit, whatever ended it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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

LITTLE = {"steps": 6, "generator_width": 4, "discriminator_width": 4, "batch_size": 6, "dropout": 0.2, "mirror": True}


def until(events: Iterator[Event], step: int) -> Checkpoint:
    """Train to that step, ask for a checkpoint, take one more step, and leave."""
    for event in events:
        if isinstance(event, Losses) and event.step == step:
            break
    event = events.send("checkpoint")  # type: ignore[attr-defined]
    while not isinstance(event, Checkpoint):
        event = next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    return event


def equal(one: Path, other: Path) -> bool:
    """Whether two files hold the same tensors, bit by bit."""
    left, right = read(one)[0], read(other)[0]
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("name", [*RECIPES, "mlp"])
def test_every_recipe_resumes_to_the_same_bits(
    name: str, digits: Path, sprites: Path, prepared: Prepare, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    size = {"width": 75, "height": 50} if name == "portraits" else {}
    changes = {**LITTLE, **size, "architecture": "mlp" if name == "mlp" else "dcgan"}
    config = configure(None if name == "mlp" else name, {**changes, "width": 32, "height": 32} if name in ("mlp", "pokemon-128") else changes)
    images = prepared(digits if name.startswith("satellite") else sprites, config)

    *straight, whole = train(config, images, tmp_path / "straight", device="cpu")
    half = until(train(config, images, tmp_path / "halves", device="cpu"), 3)
    assert half.step == 3
    *rest, end = train(config, images, tmp_path / "halves", resume=half.path, device="cpu")

    assert isinstance(whole, Checkpoint) and isinstance(end, Checkpoint)
    assert equal(whole.weights, end.weights)
    assert equal(whole.path, end.path)
    points = [(event.step, event.discriminator, event.generator) for event in straight if isinstance(event, Losses)]
    again = [(event.step, event.discriminator, event.generator) for event in rest if isinstance(event, Losses)]
    assert again == points[3:]
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


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.gan_core.straight", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2])


@pytest.mark.timeout(300)  # several processes, each of which imports torch
def test_a_killed_process_is_continued_to_the_same_bits(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("satellite", {**LITTLE, "steps": 12, "generator_width": 16, "discriminator_width": 16})
    prepared(digits, config)
    store = next((tmp_path / "pictures").iterdir())
    (tmp_path / "config.json").write_text(config.model_dump_json())

    straight = start(tmp_path / "config.json", store, tmp_path / "straight")
    killed = start(tmp_path / "config.json", store, tmp_path / "halves", "--hang-at", 6)
    assert killed.stdout is not None
    before = []
    for line in killed.stdout:
        if line == "ready\n":
            break
        before.append(line)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait(30) == -signal.SIGKILL
    checkpoint = tmp_path / "halves" / "checkpoint-00000006.safetensors"
    rest, _ = start(tmp_path / "config.json", store, tmp_path / "halves", checkpoint).communicate(timeout=100)
    whole, _ = straight.communicate(timeout=100)

    assert len(before) >= 8
    assert before[:6] + rest.splitlines(keepends=True) == whole.splitlines(keepends=True)
    for kind in ("weights", "checkpoint"):
        assert equal(*(tmp_path / half / f"{kind}-00000012.safetensors" for half in ("straight", "halves")))


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
