"""Augmentation as the loop uses it: what it may not do, whichever kind it is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_core.augment import Augmenter
from gan_core.config import AUGMENT_BELOW, TrainConfig
from gan_core.events import Checkpoint, Samples
from gan_core.images.store import ImageStore
from gan_core.sampling import Sheet, load, render
from gan_core.train import train

CPU = torch.device("cpu")
KINDS = ("diffaugment", "adaptive")


def augmenter(kind: str, image_count: int = 10, strength: float = 1.0, **settings: object) -> Augmenter:
    config = TrainConfig.model_validate({"steps": 10, "augmentation": kind, **settings})
    made = Augmenter(config, image_count, 10, CPU)
    if made.probability is not None:
        made.probability.value.fill_(strength)
    return made


def pictures(count: int = 4, channels: int = 3, height: int = 16, width: int = 24) -> Tensor:
    return torch.rand(count, channels, height, width) * 2 - 1


def test_without_augmentation_pictures_stay_what_they_are() -> None:
    images = pictures()
    assert augmenter("none")(images, 1) is images


def test_adaptive_at_probability_zero_changes_no_bit() -> None:
    for channels in (1, 3, 4):
        images = pictures(channels=channels, height=75, width=100)
        assert torch.equal(augmenter("adaptive", strength=0, mirror=True)(images, 1), images)


def test_auto_augments_small_datasets_only() -> None:
    images = pictures()
    assert augmenter("auto", image_count=AUGMENT_BELOW)(images, 1) is images
    assert not torch.equal(augmenter("auto", image_count=4999)(images, 1), images)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_pictures_keep_shape_and_stay_untouched(kind: str, channels: int) -> None:
    for height, width in ((16, 16), (17, 40), (100, 75)):
        images = pictures(channels=channels, height=height, width=width)
        before = images.clone()
        altered = augmenter(kind)(images, 1)
        assert altered.shape == images.shape and altered.dtype == torch.float32 and altered.isfinite().all()
        assert torch.equal(images, before) and not torch.equal(altered, images)


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_is_altered_in_its_own_way(kind: str) -> None:
    images = pictures(1).repeat(6, 1, 1, 1)
    altered = augmenter(kind)(images, 1).flatten(1)
    distances = torch.cdist(altered, altered) + torch.eye(6) * 100
    assert distances.min() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_two_batches_are_altered_alike_on_average_but_not_equally(kind: str) -> None:
    """Real and drawn pictures go through the same call, one after the other."""
    made, images = augmenter(kind, strength=0.5), pictures(1).repeat(3000, 1, 1, 1)
    torch.manual_seed(1)
    one, other = made(images, 1), made(images, 1)
    assert not torch.equal(one, other)
    assert abs(one.mean() - other.mean()) < 0.03 and abs(one.std() - other.std()) < 0.03
    assert (one.mean(dim=0) - other.mean(dim=0)).abs().max() < 0.12


@pytest.mark.parametrize("kind", KINDS)
def test_the_global_random_state_decides(kind: str) -> None:
    made, images = augmenter(kind, instance_noise=0.1), pictures()
    torch.manual_seed(5)
    first = made(images, 1)
    assert not torch.equal(made(images, 1), first)
    torch.manual_seed(5)
    assert torch.equal(made(images, 1), first)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_loses_nothing(kind: str) -> None:
    made, images = augmenter(kind), pictures().bfloat16()
    torch.manual_seed(5)
    expected = made(images.float(), 1)
    torch.manual_seed(5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        altered = made(images, 1)
    assert altered.dtype == torch.float32 and torch.equal(altered, expected)


def test_instance_noise_fades_to_none() -> None:
    made, images = augmenter("none", instance_noise=0.4), torch.zeros(8, 3, 64, 64)
    spreads = [made(images, step).std().item() for step in (0, 5, 10)]
    assert spreads == pytest.approx([0.4, 0.2, 0.0], abs=0.01)
    assert made(images, 10) is images


def test_instance_noise_comes_after_the_holes() -> None:
    made = augmenter("diffaugment", instance_noise=0.4, augment_colour=False, augment_translation=False)
    assert (made(pictures(), 1) != 0).all()


def test_what_an_adaptive_run_remembers_comes_back_exactly() -> None:
    """Two runs, one of which is interrupted between two changes of the probability."""
    through, before = augmenter("adaptive", strength=0.3), augmenter("adaptive", strength=0.3)
    after = augmenter("adaptive", strength=0.9)
    logits = torch.randn(20, 8) + 2
    for step, row in enumerate(logits):
        through.observe(row)
        through.adapt(1000)
        if step == 10:
            after.restore({name: value.clone() for name, value in before.state().items()})
        part = before if step < 10 else after
        part.observe(row)
        part.adapt(1000)
    assert through.strength is not None and through.strength > 0.3
    assert all(torch.equal(value, after.state()[name]) for name, value in through.state().items())


def test_only_adaptive_has_a_strength_and_a_memory() -> None:
    for kind in ("none", "diffaugment"):
        made = augmenter(kind)
        made.observe(torch.ones(4))
        made.adapt(4)
        assert made.strength is None and made.state() == {}
        made.restore({})
    with pytest.raises(KeyError):
        augmenter("adaptive").restore({})


def test_nothing_of_it_reaches_samples_and_weights(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = ImageStore(random.integers(0, 256, (10, 16, 16, 3), dtype=np.uint8), None, ())  # type: ignore[arg-type]
    settings = {"steps": 2, "width": 16, "height": 16, "architecture": "mlp", "generator_width": 4, "discriminator_width": 4, "batch_size": 4}
    settings["score_samples"] = 0
    first = []
    for kind in ("none", *KINDS):
        config = TrainConfig.model_validate({**settings, "augmentation": kind, "instance_noise": 0.0 if kind == "none" else 0.5})
        events = list(train(config, images, tmp_path / kind, device="cpu"))
        sheets = [event for event in events if isinstance(event, Samples)]
        weights = next(event.weights for event in reversed(events) if isinstance(event, Checkpoint))
        generator, sheet = load(weights), Sheet.of(config, 0)
        assert np.array_equal(sheets[-1].images, render(generator.network, config, sheet, CPU))
        first.append(sheets[0].images)
    assert np.array_equal(first[0], first[1]) and np.array_equal(first[0], first[2])
