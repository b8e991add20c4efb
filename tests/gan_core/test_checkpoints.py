"""Checkpoints that are due by the clock are written while training goes on: whole, of their own step, and announced when they are there."""

import errno
import resource
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_core import checkpoint
from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Event, Losses, Note
from gan_core.train import train
from tests.gan_core.test_train import noise, tiny


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing is written before it is set."""
    opened, write = threading.Event(), checkpoint.write

    def patient(*contents: Any) -> None:
        assert opened.wait(60)
        write(*contents)

    monkeypatch.setattr(checkpoint, "write", patient)
    yield opened
    opened.set()


def hasty(steps: int) -> TrainConfig:
    """A checkpoint is due after every step."""
    return tiny(steps=steps, mirror=True).model_copy(update={"checkpoint_every_seconds": 0.0})


def until_step(events: Iterator[Event], step: int) -> list[Event]:
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Losses) and event.step == step:
            break
    return seen


def test_training_goes_on_while_a_checkpoint_is_written(tmp_path: Path, gate: threading.Event) -> None:
    events = train(hasty(1000), noise(), tmp_path, device="cpu")
    before = until_step(events, 5)
    assert not any(isinstance(event, Checkpoint) for event in before)
    gate.set()
    first = next(event for event in events if isinstance(event, Checkpoint))
    assert first.step == 1 and first.late and first.path.exists() and first.weights.exists()
    events.close()


def test_it_holds_its_own_step_whatever_is_learnt_meanwhile(tmp_path: Path, gate: threading.Event) -> None:
    events = train(hasty(1000), noise(), tmp_path / "later", device="cpu")
    until_step(events, 5)
    gate.set()
    late = next(event for event in events if isinstance(event, Checkpoint))
    asked = train(tiny(steps=1000, mirror=True), noise(), tmp_path / "at once", device="cpu")
    until_step(asked, 1)
    prompt = asked.send("checkpoint")
    assert isinstance(prompt, Checkpoint) and prompt.step == late.step == 1
    for one, other in ((late.path, prompt.path), (late.weights, prompt.weights)):
        left, right = checkpoint.read(one)[0], checkpoint.read(other)[0]
        assert left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
    events.close()


def test_one_that_is_asked_for_comes_after_the_one_on_its_way(tmp_path: Path, gate: threading.Event) -> None:
    events = train(hasty(1000), noise(), tmp_path, device="cpu")
    until_step(events, 3)
    threading.Timer(0.2, gate.set).start()
    found = [events.send("checkpoint"), next(events)]
    assert [(event.step, event.late) for event in found if isinstance(event, Checkpoint)] == [(1, True), (3, False)]
    events.close()


def test_leaving_waits_until_it_is_whole(tmp_path: Path, gate: threading.Event) -> None:
    events = train(hasty(1000), noise(), tmp_path, device="cpu")
    until_step(events, 3)
    threading.Timer(0.2, gate.set).start()
    events.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-00000001.safetensors", "weights-00000001.safetensors"]


def test_what_goes_wrong_in_writing_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write", full)
    with pytest.raises(OSError, match="No space left"):
        list(train(hasty(1000), noise(), tmp_path, device="cpu"))


def test_a_disk_that_is_full_for_a_while_costs_a_due_checkpoint_and_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, tries = checkpoint.write, iter(range(100))

    def full_at_first(*contents: Any) -> None:
        if next(tries) < 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*contents)

    monkeypatch.setattr(checkpoint, "write", full_at_first)
    events = list(train(hasty(6), noise(), tmp_path, device="cpu"))
    said = [event.message for event in events if isinstance(event, Note) and "could not be written" in event.message]
    assert said and "No space left on device" in said[0]
    assert [event.step for event in events if isinstance(event, Checkpoint)][-1] == 6


def test_what_the_system_said_about_a_file_that_did_not_fit_is_kept(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="could not be written") as caught:
            checkpoint.write(tmp_path / "large", {"weights": torch.zeros(10**6)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG
    assert not list(tmp_path.iterdir())
