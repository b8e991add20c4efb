"""Batches: shuffled passes without gaps, the same whenever asked for."""

from collections import Counter

import numpy as np
import torch

from gan_core.batches import Batches
from gan_core.config import TrainConfig
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
