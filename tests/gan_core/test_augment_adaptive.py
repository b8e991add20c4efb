"""Adaptive augmentation: its probability follows the discriminator, its alterations are those of their matrices (Karras et al. 2020)."""

import math

import pytest
import torch
from torch import Tensor

from gan_core.augment import Augmenter
from gan_core.augment.adaptive import Drawn, Probability, apply, draw, move, recolour
from gan_core.config import TrainConfig

CPU = torch.device("cpu")
NEUTRAL = {"mirrored": 1.0, "scale": 1.0, "stretch": 1.0, "contrast": 1.0, "inverted": 1.0, "saturation": 1.0}


def numbers(count: int = 1, **changed: float) -> Drawn:
    return Drawn(*(torch.full((count,), changed.get(name, NEUTRAL.get(name, 0.0))) for name in Drawn._fields))


def pictures(count: int = 1, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    return torch.rand(count, channels, height, width) * 2 - 1


def smooth(height: int, width: int) -> Tensor:
    """(1, 1, H, W) that interpolation hardly blurs."""
    y, x = torch.meshgrid(torch.arange(height) / 9, torch.arange(width) / 7, indexing="ij")
    return (torch.sin(x + 0.3) * torch.cos(y - 0.2) * 0.8)[None, None]


def steps(probability: Probability, logits: float, count: int, pictures: int = 1000) -> float:
    for _ in range(count):
        probability.observe(torch.full((8,), logits))
        probability.adapt(pictures)
    return probability.value.item()


def test_the_probability_rises_while_the_discriminator_is_sure_and_falls_when_it_is_not() -> None:
    probability = Probability(0.6, CPU)
    assert steps(probability, 3.0, 3) == 0
    assert steps(probability, 3.0, 1) == pytest.approx(4 * 1000 / 500_000)
    assert steps(probability, 3.0, 16) == pytest.approx(20 * 1000 / 500_000)
    assert steps(probability, -3.0, 4) == pytest.approx(16 * 1000 / 500_000)


def test_it_stays_a_probability() -> None:
    probability = Probability(0.6, CPU)
    assert steps(probability, -1.0, 8, 100_000) == 0
    assert steps(probability, 1.0, 8, 100_000) == 1


def test_half_a_million_pictures_take_it_from_nothing_to_one() -> None:
    assert steps(Probability(0.6, CPU), 1.0, 500_000 // 1000) == pytest.approx(1, abs=1e-4)
    assert steps(Probability(0.6, CPU), 1.0, 500_000 // 1000 - 4) < 0.995


def test_it_follows_the_mean_sign_over_four_steps() -> None:
    """0.6 is four fifths of the pictures judged real: five sixths are too many, three quarters are not."""
    for right, wrong, rises in ((5, 1, True), (3, 1, False)):
        probability = Probability(0.6, CPU)
        probability.value.fill_(0.5)
        for _ in range(4):
            probability.observe(torch.tensor([100.0] * right + [-0.1] * wrong))
            probability.adapt(100)
        assert (probability.value > 0.5) == rises


def test_inverted_labels_invert_what_sure_means() -> None:
    config = TrainConfig(steps=1, augmentation="adaptive", invert_labels=True)
    made = Augmenter(config, 10, 1, CPU)
    for _ in range(4):
        made.observe(torch.full((8,), -3.0))
        made.adapt(1000)
    assert made.strength is not None and made.strength > 0


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_each_alteration_comes_as_often_as_the_probability_says(chance: float) -> None:
    drawn = draw(torch.zeros(20_000, 3, 16, 16), torch.tensor(chance), mirror=True)
    visible = {"mirrored": 0.5, "quarter_turns": 0.75, "inverted": 0.5}  # the rest of their draws change nothing
    for name, values in drawn._asdict().items():
        expected = visible.get(name, 1.0) * (1 - math.sqrt(1 - chance) if name.startswith("turn_") else chance)
        assert (values != NEUTRAL.get(name, 0.0)).float().mean().item() == pytest.approx(expected, abs=0.015), name


def test_alterations_have_the_spread_of_the_paper() -> None:
    drawn = draw(torch.zeros(20_000, 3, 16, 16), torch.tensor(1.0), mirror=True)
    octave = math.log(2)
    for values, spread in (
        (drawn.scale.log(), 0.2 * octave),
        (drawn.stretch.log(), 0.2 * octave),
        (drawn.contrast.log(), 0.5 * octave),
        (drawn.saturation.log(), octave),
        (drawn.brightness, 0.2),
        (drawn.further_down, 0.125),
        (drawn.further_right, 0.125),
        (drawn.down, 0.25 / math.sqrt(12)),
        (drawn.right, 0.25 / math.sqrt(12)),
        (drawn.hue, 2 * math.pi / math.sqrt(12)),
        (drawn.turn_before, 2 * math.pi / math.sqrt(12)),
        (drawn.turn_after, 2 * math.pi / math.sqrt(12)),
    ):
        assert values.std().item() == pytest.approx(spread, rel=0.03) and abs(values.mean()) < 0.03 * spread + 0.02


def test_nothing_is_mirrored_that_may_not_be() -> None:
    drawn = draw(torch.zeros(1000, 3, 16, 16), torch.tensor(1.0), mirror=False)
    assert (drawn.mirrored == 1).all()


def test_mirroring_and_quarter_turns_and_whole_pixels_lose_nothing() -> None:
    images = pictures(height=16, width=16)
    assert torch.allclose(move(images, numbers(mirrored=-1)), images.flip(3), atol=1e-5)
    for turns in (1, 2, 3):
        assert torch.allclose(move(images, numbers(quarter_turns=turns)), images.rot90(-turns, (2, 3)), atol=1e-5)
    moved = move(images, numbers(down=0.1, right=-0.06))  # 1.6 and -0.96 pixels, so 2 and -1
    assert torch.allclose(moved[:, :, 2:, :-1], images[:, :, :-2, 1:], atol=1e-5)
    assert torch.allclose(moved[:, :, :2, :-1], images[:, :, :2, 1:].flip(2), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40)])
def test_geometry_is_the_product_of_its_matrices(height: int, width: int) -> None:
    """Each pixel looked up by hand: where the inverse of all steps together, in the paper's order, takes it."""
    drawn = numbers(mirrored=-1, quarter_turns=2, down=0.07, scale=1.2, turn_before=0.3, stretch=0.9, turn_after=-0.2, further_right=0.04)
    image = smooth(height, width)
    moved = move(image, drawn)[0, 0]

    def turn(angle: float) -> Tensor:
        return torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])

    def shift(right: float, down: float) -> Tensor:
        return torch.tensor([[1, 0, right], [0, 1, down], [0, 0, 1.0]])

    forward = torch.diag(torch.tensor([-1.0, 1, 1]))
    for step in (
        turn(math.pi),
        shift(0, round(0.07 * height)),
        torch.diag(torch.tensor([1.2, 1.2, 1])),
        turn(0.3),
        torch.diag(torch.tensor([0.9, 1 / 0.9, 1])),
        turn(-0.2),
        shift(0.04 * width, 0),
    ):
        forward = step @ forward
    compared = 0
    for y in range(height):
        for x in range(width):
            point = torch.tensor([x - (width - 1) / 2, y - (height - 1) / 2, 1.0])
            from_x, from_y, _ = (torch.linalg.inv(forward) @ point).tolist()
            from_x, from_y = from_x + (width - 1) / 2, from_y + (height - 1) / 2
            if 0 <= from_x < width - 1 and 0 <= from_y < height - 1:
                left, top = int(from_x), int(from_y)
                right_share, lower_share = from_x - left, from_y - top
                cell = image[0, 0, top : top + 2, left : left + 2]
                row = cell[0] * (1 - lower_share) + cell[1] * lower_share
                assert abs(row[0] * (1 - right_share) + row[1] * right_share - moved[y, x]) < 1e-4
                compared += 1
    assert compared > height * width / 2


@pytest.mark.parametrize("seed", range(3))
def test_colour_is_the_product_of_its_matrices(seed: int) -> None:
    torch.manual_seed(seed)
    images = pictures(5)
    drawn = draw(images, torch.tensor(1.0), mirror=False)
    axis = torch.ones(3, 1) / math.sqrt(3)
    along = axis @ axis.T
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    for index, image in enumerate(images):
        pixels = image.flatten(1) + drawn.brightness[index]
        pixels = pixels * drawn.contrast[index]
        if drawn.inverted[index] < 0:
            pixels = (torch.eye(3) - 2 * along) @ pixels
        hue = drawn.hue[index]
        pixels = (along + (torch.eye(3) - along) * hue.cos() + cross * hue.sin()) @ pixels  # Rodrigues
        pixels = (along + (torch.eye(3) - along) * drawn.saturation[index]) @ pixels
        assert torch.allclose(recolour(images, drawn)[index].flatten(1), pixels, atol=1e-4)


def test_grey_pictures_are_altered_as_grey_colour_pictures_are() -> None:
    grey = pictures(6, channels=1)
    drawn = draw(grey, torch.tensor(1.0), mirror=True)
    coloured = apply(grey.expand(-1, 3, -1, -1), drawn)
    assert torch.allclose(apply(grey, drawn).expand(-1, 3, -1, -1), coloured, atol=1e-5)


def test_alpha_moves_with_the_colours_and_keeps_its_values() -> None:
    images = pictures(6, channels=4)
    drawn = draw(images, torch.tensor(1.0), mirror=True)
    assert torch.equal(recolour(images, drawn)[:, 3], images[:, 3])
    assert torch.equal(apply(images, drawn)[:, 3:], move(images[:, 3:], drawn))
    images[:, 3] = -1
    assert torch.allclose(apply(images, drawn)[:, 3], images[:, 3], atol=1e-5)


def test_unchanged_pictures_between_changed_ones_keep_every_bit() -> None:
    images = pictures(2, height=75, width=33)
    drawn = Drawn(*(torch.cat(pair) for pair in zip(numbers(), numbers(turn_after=1.0, hue=1.0), strict=True)))
    altered = apply(images, drawn)
    assert torch.equal(altered[0], images[0]) and not torch.allclose(altered[1], images[1])


def test_gradients_are_those_of_finite_differences() -> None:
    images = (torch.rand(3, 4, 7, 9, dtype=torch.float64) * 2 - 1).requires_grad_()
    drawn = Drawn(*(value.double() for value in draw(images, torch.tensor(0.7), mirror=True)))
    assert torch.autograd.gradcheck(lambda batch: apply(batch, drawn), images)


def test_gradients_reach_all_of_a_picture_that_is_only_turned() -> None:
    images = pictures(4).requires_grad_()
    drawn = Drawn(*(torch.cat(row) for row in zip(*(numbers(quarter_turns=turns, hue=1.0, down=0.0) for turns in range(4)), strict=True)))
    (apply(images, drawn) * torch.rand(images.shape)).sum().backward()
    assert images.grad is not None and (images.grad != 0).all()
