"""Batches: shuffled passes without gaps, the same whenever asked for."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.images.store import ImageStore

CPU = torch.device("cpu")


def batches(count: int, **changes: object) -> Batches:
    """Pictures whose left half is black and right half has their number as grey value."""
    images = np.zeros((count, 16, 16, 1), np.uint8)
    images[:, :, 8:] = np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None]
    config = TrainConfig.model_validate({"steps": 1, "width": 16, "height": 16, **changes})
    return Batches(config, ImageStore(images, None, ()), CPU)  # type: ignore[arg-type]


def test_a_pass_shows_every_picture_once() -> None:
    stream = batches(10, batch_size=4)
    shown = np.concatenate([stream.indices(number) for number in range(5)])
    assert sorted(shown[:10]) == sorted(shown[10:]) == list(range(10))
    assert list(shown[:10]) != list(shown[10:])


def test_a_batch_larger_than_the_dataset_holds_pictures_evenly() -> None:
    counts = Counter(batches(12, batch_size=40).indices(3).tolist())
    assert set(counts) == set(range(12)) and max(counts.values()) - min(counts.values()) <= 2


def test_any_batch_can_be_asked_for_again() -> None:
    stream = batches(10, batch_size=4)
    later = [stream.indices(number).tolist() for number in (7, 0, 7, 3)]
    assert later[0] == later[2] and later[1] == batches(10, batch_size=4).indices(0).tolist()


def test_what_is_gathered_ahead_is_the_batch_that_is_asked_for() -> None:
    plain, ahead = batches(20, batch_size=4), batches(20, batch_size=4)
    ahead.gatherer = ThreadPoolExecutor(1)
    for number in (0, 1, 2, 7, 8, 3):  # going back, as after a setback, included
        assert torch.equal(ahead.take(number)[0], plain.take(number)[0])


def test_the_order_depends_on_the_seed() -> None:
    assert batches(50).indices(0).tolist() != batches(50, seed=1).indices(0).tolist()


def test_pixels_reach_from_minus_one_to_one() -> None:
    stream = batches(255, batch_size=255)
    pictures, labels = stream.take(0)
    assert pictures.shape == (255, 1, 16, 16) and labels is None
    assert pictures.min() == -1 and pictures.max() == 1
    assert pictures.dtype == torch.float32


def test_mirroring_turns_about_half_of_the_pictures() -> None:
    torch.manual_seed(0)
    stream = batches(200, batch_size=200, mirror=True)
    turned = sum(float((stream.take(number)[0][:, 0, 0, 0] > -1).float().mean()) for number in range(20)) / 20
    assert 0.45 < turned < 0.55
    unturned, _ = batches(200, batch_size=200).take(0)
    assert (unturned[:, 0, 0, 0] == -1).all()


def labelled(labels: list[int], **changes: object) -> Batches:
    """Pictures of these classes, each with its number as grey value."""
    count = len(labels)
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 16, 16, 1))
    config = TrainConfig.model_validate({"steps": 1, "width": 16, "height": 16, "class_balanced": True, **changes})
    names = tuple(f"class {label}" for label in range(max(2, *labels) + 1))
    return Batches(config, ImageStore(images, np.array(labels), names), CPU)  # type: ignore[arg-type]


UNEVEN = [0] * 50 + [1] * 7 + [2] + [4] * 20  # nobody is of class 3


def test_balanced_classes_come_equally_often_wherever_one_looks() -> None:
    stream, of = labelled(UNEVEN, batch_size=50), np.array(UNEVEN)
    shown = of[np.concatenate([stream.indices(number) for number in range(80)])]
    for start, end in ((0, 50), (17, 40), (3, 2003), (1021, 1029), (0, 4000)):
        counts = np.bincount(shown[start:end], minlength=5)
        assert counts[3] == 0 and np.ptp(counts[[0, 1, 2, 4]]) <= 2
    assert np.ptp(np.bincount(shown, minlength=5)[[0, 1, 2, 4]]) == 0


def test_within_a_balanced_class_a_pass_shows_every_picture_once() -> None:
    stream, of = labelled(UNEVEN, batch_size=500), np.array(UNEVEN)
    shown = np.concatenate([stream.indices(number) for number in range(12)])
    for label, count in ((0, 50), (1, 7), (4, 20)):
        ours = shown[of[shown] == label]
        passes = ours[: len(ours) // count * count].reshape(-1, count)
        assert (np.sort(passes, axis=1) == np.flatnonzero(of == label)).all()
        assert len({tuple(one) for one in passes.tolist()}) > len(passes) // 2


def test_the_order_of_balanced_classes_is_random() -> None:
    stream, of = labelled([0, 1, 2], batch_size=300), np.array([0, 1, 2])
    rounds = of[stream.indices(0)].reshape(100, 3)
    assert len({tuple(one) for one in rounds.tolist()}) == 6


def test_any_balanced_batch_can_be_asked_for_again() -> None:
    stream = labelled(UNEVEN, batch_size=40)
    later = [stream.indices(number).tolist() for number in (900, 0, 900, 30)]
    assert later[0] == later[2] and later[3] == labelled(UNEVEN, batch_size=40).indices(30).tolist()
    assert later[1] != labelled(UNEVEN, batch_size=40, seed=1).indices(0).tolist()


def test_balance_does_not_give_the_labels_to_a_run_that_learns_no_classes() -> None:
    assert labelled(UNEVEN).take(0)[1] is None
    pictures, labels = labelled(UNEVEN, conditional=True, batch_size=200).take(0)
    assert labels is not None and np.bincount(labels.numpy()).tolist() == [50, 50, 50, 0, 50]
    numbers = ((pictures[:, 0, 0, 0] + 1) * 127.5).round().long()
    assert (torch.tensor(UNEVEN)[numbers] == labels).all()


def test_pictures_of_no_class_are_left_out_of_the_balance() -> None:
    stream = labelled([0, 0, 1, -1, -1], batch_size=100)
    assert set(stream.indices(0).tolist()) == {0, 1, 2} and len(stream) == 3


@pytest.mark.parametrize("labels", [None, np.full(10, -1)])
def test_without_classes_there_is_nothing_to_balance(labels: object) -> None:
    config = TrainConfig(steps=1, width=16, height=16, class_balanced=True)
    names = () if labels is None else ("a", "b")
    with pytest.raises(ConfigMismatch, match="class"):
        Batches(config, ImageStore(np.zeros((10, 16, 16, 1), np.uint8), labels, names), CPU)  # type: ignore[arg-type]


def test_dequantising_fills_the_gaps_between_the_steps_of_brightness() -> None:
    torch.manual_seed(0)
    plain, _ = batches(100, batch_size=100).take(0)
    noisy, _ = batches(100, batch_size=100, dequantise=True).take(0)
    noise = (noisy - plain) * 128
    assert noise.min() >= -1e-4 and noise.max() <= 1 + 1e-4 and abs(float(noise.mean()) - 0.5) < 0.02
    assert len(noise.unique()) > 1000
    torch.manual_seed(0)
    assert torch.equal(noisy, batches(100, batch_size=100, dequantise=True).take(0)[0])
