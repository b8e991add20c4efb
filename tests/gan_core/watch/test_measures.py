"""What is measured of pictures and losses means what it says."""

import json
import math

import numpy as np
import pytest

from gan_core.config import TrainConfig
from gan_core.images.store import ImageStore
from gan_core.watch.duel import Duel, Vitals, loss_ends, unsolved
from gan_core.watch.pictures import Look, Pictures, TrainingPictures
from tests.gan_core.watch.told import grained, squares, store


def look(images: Pictures, tiles: Pictures, *, background: str = "#ffffff", mirror: bool = False) -> Look:
    return TrainingPictures(ImageStore(images, None, ()), background, mirror=mirror).look(0, tiles, ())  # type: ignore[arg-type]


def test_training_pictures_are_as_varied_as_themselves_and_copies() -> None:
    images = squares(200)
    seen = look(images, images[:64])
    assert seen.variety == pytest.approx(1, abs=0.1) and seen.distance == 0 and seen.copies == 64
    assert seen.repeats is not None and 0.5 < seen.repeats < 2


def test_others_of_the_same_kind_are_varied_near_and_no_copies() -> None:
    seen = look(squares(12, seed=1), squares(64, seed=2))
    assert seen.copies is not None and seen.copies < 6
    seen = look(squares(400, seed=1), squares(64, seed=2))
    assert seen.distance is not None and 0.5 < seen.distance < 1.5


def test_grain_is_no_variety() -> None:
    one = np.repeat(squares(1), 64, axis=0)
    seen = look(squares(200), grained(one, strength=60))
    assert seen.variety is not None and seen.variety < 0.15


def test_a_mirrored_copy_is_a_copy_where_pictures_are_mirrored() -> None:
    images = squares(8, places=np.array([[at, 0] for at in range(0, 16, 2)]).clip(0, 10))
    mirrored = images[:, :, ::-1]
    assert look(images, mirrored).copies == 0
    assert look(images, mirrored, mirror=True).copies == 8


def test_what_is_see_through_counts_as_what_is_behind_it() -> None:
    hidden = np.zeros((64, 16, 16, 4), np.uint8)
    hidden[..., :3] = np.random.default_rng(0).integers(0, 256, (64, 1, 1, 3))
    shown = hidden.copy()
    shown[..., 3] = 255
    assert look(shown, hidden, background="#ff0000").variety == 0


def test_any_size_and_few_pictures_will_do() -> None:
    random = np.random.default_rng(0)
    for size in ((17, 16), (16, 61), (33, 200)):
        images = random.integers(0, 256, (3, *size, 3), dtype=np.uint8)
        json.dumps(vars_of(look(images, images[:2])), allow_nan=False)
    assert look(images[:1], images).variety is None


def vars_of(seen: Look) -> dict[str, object]:
    return {name: getattr(seen, name) for name in Look.__slots__}


def test_of_many_pictures_some_are_looked_at_and_copies_are_not_counted() -> None:
    assert look(squares(600), squares(64)).copies is None


def test_classes_of_which_there_is_one_picture_are_left_out() -> None:
    images = ImageStore(squares(5), np.array([0, 0, 0, 0, 1]), ("a", "b"))  # type: ignore[arg-type]
    pictures = TrainingPictures(images, "#ffffff", mirror=False)
    alone = pictures.look(0, squares(16)[:8], (0,)).row_variety
    assert alone is not None and pictures.look(0, squares(16), (0, 1)).row_variety == alone
    assert pictures.look(0, squares(8), (1,)).row_variety is None


def test_rows_are_compared_with_their_own_class() -> None:
    tiles = squares(8, seed=9)
    seen = TrainingPictures(store(labels=4), "#ffffff", mirror=False).look(0, np.concatenate([tiles, tiles[:1].repeat(8, axis=0)]), (0, 1))
    assert seen.row_variety is not None and 0.3 < seen.row_variety < 0.8, "half of the rows vary"


OBJECTIVES = {
    "non-saturating": (0.0, math.log(2)),
    "minimax": (0.0, math.log(2)),
    "least-squares": (0.0, 0.25),
    "hinge": (0.0, 2.0),
    "relativistic": (0.0, math.log(2)),
}


def objective(name: str, **changes: object) -> TrainConfig:
    return TrainConfig.model_validate({"steps": 9, "objective": name, "discriminator_batch_norm": False, **changes})


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_ends_of_each_loss(name: str) -> None:
    assert loss_ends(objective(name)) == pytest.approx(OBJECTIVES[name])
    lowest, guessing = OBJECTIVES[name]
    assert (unsolved(objective(name), lowest), unsolved(objective(name), guessing)) == (0, 1)


def test_losses_of_a_critic_have_no_ends() -> None:
    assert unsolved(objective("wasserstein", penalty="gradient"), -100) is None


def test_what_smoothed_and_swapped_labels_cost_is_left_out() -> None:
    tricks = {"real_label_low": 0.7, "real_label_high": 1.0, "fake_label_high": 0.3, "flip_labels": 0.05}
    for name in ("non-saturating", "least-squares"):
        config = objective(name, **tricks)
        real, fake = label_samples(config)
        wanted = {"non-saturating": cross_entropy, "least-squares": lambda labels, says: ((labels - says) ** 2).mean() / 2}[name]
        scale = 1 if name == "least-squares" else 0.5
        ends = loss_ends(config)
        assert ends is not None
        best = scale * (wanted(real, real.mean()) + wanted(fake, fake.mean()))
        guess = scale * (wanted(real, 0.5) + wanted(fake, 0.5))
        assert ends == pytest.approx((best, guess), abs=0.005)


def label_samples(config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    real = random.uniform(config.real_label_low, config.real_label_high, 100_000)
    fake = random.uniform(config.fake_label_low, config.fake_label_high, 100_000)
    swapped = random.random(100_000) < config.flip_labels
    return np.where(swapped, fake, real), np.where(swapped, real, fake)


def cross_entropy(labels: np.ndarray, says: float) -> float:
    return float(-(labels * math.log(says) + (1 - labels) * math.log(1 - says)).mean())


def test_the_start_is_soon_forgotten_and_later_noise_evened_out() -> None:
    duel = Duel()
    for number in range(1, 200):
        value = 1.0 if number < 4 else 0.6 + 0.3 * (-1) ** number
        duel.take(Vitals(16 * number, 40_000, 0.0, 0.5, 1.0, value, 1.0, 1.0, None))
        if number == 40:
            assert duel.spotting == pytest.approx(0.6, abs=0.06)
    assert duel.spotting == pytest.approx(0.6, abs=0.02)
