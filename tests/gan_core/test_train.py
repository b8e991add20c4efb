"""The loop as its consumer sees it: which events come, in which order, and how it answers requests."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch

from gan_core import architectures
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch, Diverged
from gan_core.events import Checkpoint, ClassSheet, Event, Losses, Note, Progress, Samples
from gan_core.images.store import ImageStore
from gan_core.objectives import OBJECTIVES
from gan_core.players import Players
from gan_core.train import train

T = TypeVar("T")
TINY = {
    "steps": 4,
    "width": 16,
    "height": 16,
    "architecture": "mlp",
    "generator_width": 4,
    "discriminator_width": 4,
    "batch_size": 4,
    "latent_size": 8,
    "score_samples": 0,
}


def tiny(**changes: object) -> TrainConfig:
    return TrainConfig.model_validate({**TINY, **changes})


def noise(channels: int = 1, labels: list[int] | None = None, classes: tuple[str, ...] = (), count: int = 10) -> ImageStore:
    images = np.random.default_rng(0).integers(0, 256, (count, 16, 16, channels), dtype=np.uint8)
    return ImageStore(images, None if labels is None else np.array(labels), classes)  # type: ignore[arg-type]


def of_kind(events: list[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def test_a_run_begins_with_its_length_and_a_sheet_and_ends_with_a_checkpoint(tmp_path: Path) -> None:
    events = list(train(tiny(), noise(), tmp_path, device="cpu"))
    assert isinstance(events[0], Progress) and (events[0].step, events[0].total_steps) == (0, 4)
    assert [sheet.step for sheet in of_kind(events, Samples)] == [0, 4]
    assert [point.step for point in of_kind(events, Losses)] == [1, 2, 3, 4]
    assert isinstance(events[-1], Checkpoint) and events[-1].step == 4
    assert of_kind(events, Progress)[-1].step == 4
    assert any("fp32" in note.message for note in of_kind(events, Note))


def test_epochs_and_rate_are_counted_in_pictures(tmp_path: Path) -> None:
    events = list(train(tiny(steps=5), noise(), tmp_path, device="cpu"))
    last = of_kind(events, Progress)[-1]
    assert last.epoch == 5 * 4 / 10 and last.images_per_second > 0 and last.seconds > 0


def test_loss_points_stand_at_multiples_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_core.config.LOSS_POINTS", 4)
    events = train(tiny(steps=10), noise(), tmp_path, device="cpu")
    assert [event.step for event in events if isinstance(event, Losses)] == [3, 6, 9, 10]


def test_a_requested_sheet_comes_between_two_steps(tmp_path: Path) -> None:
    events = train(tiny(steps=100), noise(), tmp_path, device="cpu")
    event = next(event for event in events if isinstance(event, Losses) and event.step == 3)
    answer = events.send("sample")
    assert isinstance(answer, Samples) and answer.step == event.step


def test_a_requested_checkpoint_comes_between_two_steps(tmp_path: Path) -> None:
    events = train(tiny(steps=100), noise(), tmp_path, device="cpu")
    next(event for event in events if isinstance(event, Losses) and event.step == 3)
    answer = events.send("checkpoint")
    assert isinstance(answer, Checkpoint) and answer.step == 3
    assert answer.path.exists() and answer.weights.exists()
    assert answer.path.parent == tmp_path


def test_the_last_two_checkpoints_stay(tmp_path: Path) -> None:
    events = train(tiny(steps=5), noise(), tmp_path, device="cpu")
    event: Event = next(events)
    for _ in range(200):
        try:
            event = events.send("checkpoint" if isinstance(event, Losses) else None)
        except StopIteration:
            break
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{kind}-0000000{step}.safetensors" for kind in ("checkpoint", "weights") for step in (4, 5)]


def test_leaving_the_generator_is_stopping(tmp_path: Path) -> None:
    events = train(tiny(steps=1_000_000), noise(), tmp_path, device="cpu")
    next(event for event in events if isinstance(event, Losses))
    events.close()
    assert not list(tmp_path.iterdir())


def test_a_tile_is_the_same_latent_in_every_sheet(tmp_path: Path) -> None:
    first, last = of_kind(list(train(tiny(generator_learning_rate=1e-9), noise(), tmp_path, device="cpu")), Samples)
    assert np.abs(first.images.astype(int) - last.images).max() <= 1
    assert len({tile.tobytes() for tile in first.images}) == 64


def test_rows_are_classes(tmp_path: Path) -> None:
    images = noise(labels=[0, 1, 2, 0, 1, 2, 0, 1, 2, 0], classes=("cat", "dog", "owl"))
    sheet = of_kind(list(train(tiny(conditional=True), images, tmp_path, device="cpu")), Samples)[-1]
    assert (sheet.columns, sheet.rows, len(sheet.images)) == (8, 3, 24)


def test_the_same_seed_repeats_the_run_and_another_does_not(tmp_path: Path) -> None:
    def losses(seed: int) -> list[float]:
        return [point.generator for point in of_kind(list(train(tiny(seed=seed), noise(), tmp_path / str(seed), device="cpu")), Losses)]

    assert losses(1) == losses(1) != losses(2)


def test_losses_that_are_not_finite_end_the_run_with_a_sentence(tmp_path: Path) -> None:
    # far beyond what the configuration allows, so that it happens at once
    config = tiny(steps=100, objective="least-squares").model_copy(update={"discriminator_learning_rate": 1e30})
    seen: list[Event] = []
    with pytest.raises(Diverged, match="Lower the learning rates"):
        seen.extend(train(config, noise(), tmp_path, device="cpu"))
    assert not list(tmp_path.glob("checkpoint-*"))


@pytest.mark.parametrize(
    ("changes", "images", "sentence"),
    [
        ({"conditional": True}, noise(), "no classes"),
        ({"conditional": True}, noise(labels=[0] * 10, classes=("one",)), "no classes"),
        ({"conditional": True}, noise(labels=[-1] * 10, classes=("one", "two")), "belongs to a class"),
        ({"width": 20}, noise(), "prepared for 16 x 16"),
        ({"channels": "rgba"}, noise(channels=3), "prepared with 3 channels"),
        ({"precision": "fp16"}, noise(), "needs a GPU"),
        ({}, noise(count=0), "no pictures"),
    ],
)
def test_what_does_not_go_together_is_refused_before_the_first_step(
    changes: dict[str, object], images: ImageStore, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigMismatch, match=sentence):
        next(train(tiny(**changes), images, tmp_path, device="cpu"))


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigMismatch, match="not available"):
        next(train(tiny(), noise(), tmp_path, device="cuda:77"))


def test_pictures_without_a_class_are_left_out_when_classes_are_learnt(tmp_path: Path) -> None:
    images = noise(labels=[0, 1, -1, -1, 0, 1, -1, -1, 0, 1], classes=("cat", "dog"))
    progress = of_kind(list(train(tiny(conditional=True, steps=None, epochs=2), images, tmp_path, device="cpu")), Progress)
    assert progress[-1].total_steps == 3  # twice six pictures, four a step


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("architecture", architectures.names())
def test_each_precision_trains(precision: str, architecture: str, tmp_path: Path) -> None:
    penalty = {} if architecture == "fastgan" else {"penalty": "r1", "discriminator_batch_norm": False}  # second derivatives, too
    events = list(train(tiny(precision=precision, architecture=architecture, **penalty), noise(), tmp_path, device="cpu"))
    assert all(np.isfinite(point.generator) for point in of_kind(events, Losses))
    assert any(precision in note.message for note in of_kind(events, Note))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_batch_in_parts_learns_as_much(objective: str, tmp_path: Path) -> None:
    """Without normalisation over the batch, the gradient of a batch is the mean over its parts."""
    penalty = {"penalty": "gradient" if objective == "wasserstein" else "none", "latent_distribution": "normal"}
    moved = []
    for parts in (1, 4):
        config = tiny(objective=objective, batch_size=8, accumulate=parts, architecture="r3gan", discriminator_learning_rate=1e-3, **penalty)
        players = Players(config, 1, 0, 10, torch.device("cpu"))
        before = [parameter.detach().clone() for parameter in players.discriminator.parameters()]
        players.step(1, Batches(config, noise(), torch.device("cpu")))
        moved.append(torch.cat([(now.detach() - was).flatten() for now, was in zip(players.discriminator.parameters(), before, strict=True)]))
    # the latents differ, as each part draws its own, so the steps are alike rather than equal
    assert torch.nn.functional.cosine_similarity(*moved, dim=0) > 0.3
    assert 0.5 < moved[0].norm() / moved[1].norm() < 2


def test_a_class_can_be_asked_for(tmp_path: Path) -> None:
    images = noise(labels=[0, 1, 2, 0, 1, 2, 0, 1, 2, 0], classes=("cat", "dog", "owl"))
    events = train(tiny(steps=100, conditional=True), images, tmp_path, device="cpu")
    next(event for event in events if isinstance(event, Losses) and event.step == 3)
    answer = events.send(ClassSheet(1))
    assert isinstance(answer, Samples) and (answer.step, answer.label, answer.row_labels) == (3, 1, (1,) * answer.rows)
    assert len(answer.images) == 64
    with pytest.raises(ConfigMismatch, match="no such class"):
        events.send(ClassSheet(3))


def test_a_class_cannot_be_asked_of_a_run_without(tmp_path: Path) -> None:
    events = train(tiny(steps=100), noise(), tmp_path, device="cpu")
    next(events)
    with pytest.raises(ConfigMismatch, match="no such class"):
        events.send(ClassSheet(0))


def test_the_warm_up_counts_the_pictures_it_shows(tmp_path: Path) -> None:
    config = tiny(steps=2, objective="wasserstein", penalty="clip", discriminator_steps=2, warmup_discriminator_steps=5)
    last = of_kind(list(train(config, noise(), tmp_path, device="cpu")), Progress)[-1]
    assert last.epoch == 2 * 5 * 4 / 10
