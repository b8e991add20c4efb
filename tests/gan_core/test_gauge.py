"""What is measured of the duel: a rank statistic that means the same under every objective, and the strength of the gradients."""

import pytest
import torch
from torch import nn

from gan_core.batches import Batches
from gan_core.gauge import EVERY, Gauge, spotting
from gan_core.players import Players
from tests.gan_core.test_train import noise, tiny

CPU = torch.device("cpu")


def test_spotting_is_the_share_of_pairs_in_the_right_order() -> None:
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[0.0], [2.0]])
    assert spotting(real, fake).item() == 0.75
    assert spotting(real, fake, inverted=True).item() == 0.25
    assert spotting(torch.zeros(5, 1), torch.zeros(3, 1)).item() == 0.5


def test_each_picture_of_a_discriminator_with_many_verdicts_counts_once() -> None:
    real = torch.tensor([[[9.0, -1.0]]])  # one picture, two places
    fake = torch.tensor([[[0.0, 0.0]], [[5.0, 5.0]]])
    assert spotting(real, fake).item() == 0.5


def test_gradients_are_measured_without_the_scale_of_the_losses() -> None:
    layer = nn.Linear(2, 1, bias=False)
    layer.weight.grad = torch.tensor([[3.0, 4.0]])
    gauge = Gauge(CPU, inverted=False)
    gauge.begin(EVERY)
    gauge.judged(torch.ones(1, 1), torch.zeros(1, 1))
    gauge.gradient(layer, 1, torch.amp.GradScaler("cpu", init_scale=2.0))
    assert gauge.take() == (1.0, 0.0, 2.5)
    assert gauge.take() is None, "told once"


def test_only_every_so_many_steps_are_measured_whatever_step_a_run_goes_on_from() -> None:
    config, images = tiny(steps=100), noise()
    players, batches = Players(config, 1, 0, len(images), CPU), Batches(config, images, CPU)
    measured = [step for step in range(1, 2 * EVERY + 2) if len(players.step(step, batches)) and players.gauge.take()]
    assert measured == [EVERY, 2 * EVERY]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_discriminator_that_learns_alone_spots_every_fake(inverted: bool) -> None:
    alone = {"generator_learning_rate": 1e-9, "discriminator_learning_rate": 1e-2, "augmentation": "none"}
    config, images = tiny(steps=400, **alone, invert_labels=inverted), noise()
    players, batches = Players(config, 1, 0, len(images), CPU), Batches(config, images, CPU)
    found = [players.gauge.take() for step in range(1, 321) if len(players.step(step, batches))]
    seen = [one for one in found if one]
    assert seen[-1][0] == 1
    assert all(generator > 0 and discriminator > 0 for _, generator, discriminator in seen)
