"""The label tricks: which labels the discriminator is given, over many draws."""

import torch

from gan_core.config import TrainConfig
from gan_core.recipes import configure
from gan_core.targets import draw

CPU = torch.device("cpu")
MANY = 40_000


def test_without_tricks_real_is_one_and_fake_is_zero() -> None:
    targets = draw(TrainConfig(steps=1), torch.Size([8]), CPU)
    assert targets.real.tolist() == [1.0] * 8 and targets.fake.tolist() == [0.0] * 8 and targets.wanted == 1.0


def test_inverting_exchanges_them() -> None:
    targets = draw(TrainConfig(steps=1, invert_labels=True), torch.Size([8]), CPU)
    assert targets.real.tolist() == [0.0] * 8 and targets.fake.tolist() == [1.0] * 8 and targets.wanted == 0.0


def test_smoothed_labels_are_spread_evenly_over_their_range() -> None:
    torch.manual_seed(0)
    targets = draw(TrainConfig(steps=1, real_label_low=0.8, real_label_high=1.2, fake_label_high=0.3), torch.Size([MANY]), CPU)
    for labels, low, high in ((targets.real, 0.8, 1.2), (targets.fake, 0.0, 0.3)):
        assert labels.min() >= low and labels.max() <= high
        shares = torch.histc(labels, bins=4, min=low, max=high) / MANY
        assert (shares - 0.25).abs().max() < 0.02


def test_swapping_gives_a_share_the_other_label() -> None:
    torch.manual_seed(0)
    targets = draw(TrainConfig(steps=1, flip_labels=0.2), torch.Size([MANY]), CPU)
    assert abs((targets.real == 0).float().mean() - 0.2) < 0.01
    assert abs((targets.fake == 1).float().mean() - 0.2) < 0.01


def test_cartoon_faces_are_labelled_as_in_the_original() -> None:
    torch.manual_seed(0)
    targets = draw(configure("simpsons", {}), torch.Size([MANY]), CPU)
    as_real = targets.real[targets.real <= 0.3]
    swapped = targets.real[targets.real >= 0.7]
    assert len(as_real) + len(swapped) == MANY
    assert abs(len(swapped) / MANY - 0.05) < 0.01
    assert abs(as_real.mean() - 0.15) < 0.01 and abs(swapped.mean() - 0.95) < 0.02
    assert abs((targets.fake >= 0.7).float().mean() - 0.95) < 0.01 and targets.fake.max() <= 1.2
    assert targets.wanted == 0.0


def test_labels_have_the_shape_of_the_logits() -> None:
    targets = draw(TrainConfig(steps=1, flip_labels=0.1, real_label_low=0.5), torch.Size([4, 5]), CPU)
    assert targets.real.shape == targets.fake.shape == (4, 5)
