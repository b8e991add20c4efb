"""DiffAugment against its definition, written out in plain loops (Zhao et al. 2020)."""

import pytest
import torch
from torch import Tensor

from gan_core.augment import Augmenter
from gan_core.augment.diffaugment import Colour, Drawn, apply, cut_out, draw, recolour, translate
from gan_core.config import TrainConfig

CONFIG = TrainConfig(steps=1, augmentation="diffaugment", background="#336699")
EMPTY = {1: [0.0], 3: [0.0, 0.0, 0.0], 4: [0x33 / 127.5 - 1, 0x66 / 127.5 - 1, 0x99 / 127.5 - 1, -1.0]}
SIZES = [(16, 16), (17, 30), (35, 16)]


def empty(channels: int) -> Tensor:
    return torch.tensor(EMPTY[channels]).view(1, -1, 1, 1)


def plainly(image: Tensor, drawn: Drawn, index: int) -> Tensor:
    """One picture (C, H, W) through all three, pixel by pixel."""
    channels, height, width = image.shape
    assert drawn.colour is not None and drawn.shift is not None and drawn.hole is not None
    brightness, saturation, contrast = (value[index].item() for value in drawn.colour)
    seen = image[:3] + brightness
    grey = sum(seen) / len(seen)
    seen = grey + (seen - grey) * saturation
    mean = seen.mean()
    seen = mean + (seen - mean) * contrast
    coloured = torch.cat([seen, image[3:]])

    (down, right), (middle_y, middle_x) = drawn.shift[index].tolist(), drawn.hole[index].tolist()
    hole_height, hole_width = int(height / 2 + 0.5), int(width / 2 + 0.5)
    result = torch.tensor(EMPTY[channels]).view(-1, 1, 1).repeat(1, height, width)
    for y in range(height):
        for x in range(width):
            in_hole = 0 <= y - (middle_y - hole_height // 2) < hole_height and 0 <= x - (middle_x - hole_width // 2) < hole_width
            if not in_hole and 0 <= y - down < height and 0 <= x - right < width:
                result[:, y, x] = coloured[:, y - down, x - right]
    return result


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_what_its_definition_says(size: tuple[int, int], channels: int) -> None:
    images = torch.rand(6, channels, *size) * 2 - 1
    drawn = draw(CONFIG, images)
    expected = torch.stack([plainly(image, drawn, index) for index, image in enumerate(images)])
    assert torch.allclose(apply(images, drawn, empty(channels)), expected, atol=1e-5)


def test_the_augmenter_does_just_that() -> None:
    images = torch.rand(6, 4, 16, 16) * 2 - 1
    torch.manual_seed(3)
    altered = Augmenter(CONFIG, 10, 1, torch.device("cpu"))(images, 1)
    torch.manual_seed(3)
    assert torch.allclose(altered, apply(images, draw(CONFIG, images), empty(4)), atol=1e-6)


def test_numbers_fill_their_ranges() -> None:
    drawn = draw(CONFIG, torch.zeros(5000, 3, 16, 24))
    assert drawn.colour is not None and drawn.shift is not None and drawn.hole is not None
    for value, low, high in zip(drawn.colour, (-0.5, 0, 0.5), (0.5, 2, 1.5), strict=True):
        width = high - low
        assert low <= value.min() < low + 0.01 * width and high - 0.01 * width < value.max() <= high
    assert [sorted(set(column.tolist())) for column in drawn.shift.T] == [list(range(-2, 3)), list(range(-3, 4))]
    assert [sorted(set(column.tolist())) for column in drawn.hole.T] == [list(range(17)), list(range(25))]


@pytest.mark.parametrize("alteration", ["colour", "translation", "cutout"])
def test_each_alteration_has_its_switch(alteration: str) -> None:
    switches = {f"augment_{name}": name == alteration for name in ("colour", "translation", "cutout")}
    drawn = draw(CONFIG.model_copy(update=switches), torch.zeros(4, 3, 16, 16))
    used = {"colour": drawn.colour, "translation": drawn.shift, "cutout": drawn.hole}
    assert [name for name, value in used.items() if value is not None] == [alteration]


def test_colour_never_touches_alpha_and_grey_has_no_saturation() -> None:
    images = torch.rand(4, 4, 16, 16) * 2 - 1
    drawn = draw(CONFIG, images).colour
    assert drawn is not None
    assert torch.equal(recolour(images, drawn)[:, 3], images[:, 3])
    grey = images[:, :1]
    without = Colour(drawn.brightness, torch.ones_like(drawn.saturation), drawn.contrast)
    assert torch.allclose(recolour(grey, drawn), recolour(grey, without), atol=1e-6)


def test_uncovered_and_cut_out_places_are_invisible_and_have_the_background_below() -> None:
    """As in prepared pictures, in which what nobody sees has one colour."""
    images = torch.ones(1, 4, 16, 16)
    shift, hole = torch.tensor([[2, -1]]), torch.tensor([[16, 16]])
    altered = cut_out(translate(images, shift, empty(4)), hole, empty(4))[0]
    gone = torch.zeros(16, 16, dtype=torch.bool)
    gone[:2] = gone[:, -1:] = gone[12:, 12:] = True
    assert torch.equal(altered[3] == -1, gone)
    assert torch.equal(altered[:, gone], empty(4)[0, :, 0].expand(-1, int(gone.sum())))
    assert (altered[:, ~gone] == 1).all()


def test_transparent_stays_transparent() -> None:
    images = torch.rand(8, 4, 16, 16)
    images[:, 3] = -1
    assert (apply(images, draw(CONFIG, images), empty(4))[:, 3] == -1).all()


@pytest.mark.parametrize("channels", [1, 4])
def test_gradients_are_those_of_finite_differences(channels: int) -> None:
    images = (torch.rand(2, channels, 8, 9, dtype=torch.float64) * 2 - 1).requires_grad_()
    drawn = draw(CONFIG, images)
    assert drawn.colour is not None
    drawn = drawn._replace(colour=Colour(*(value.double() for value in drawn.colour)))
    assert torch.autograd.gradcheck(lambda batch: apply(batch, drawn, empty(channels).double()), images)
    assert torch.autograd.gradgradcheck(lambda batch: apply(batch, drawn, empty(channels).double()) ** 2, images, fast_mode=True)


def test_gradients_reach_just_the_pixels_that_remain_visible() -> None:
    images = torch.rand(16, 3, 16, 16, requires_grad=True)
    drawn = draw(CONFIG, images)._replace(colour=None)
    apply(images, drawn, empty(3)).sum().backward()
    assert images.grad is not None and drawn.shift is not None and drawn.hole is not None
    for index in range(16):
        (down, right), (middle_y, middle_x) = drawn.shift[index].tolist(), drawn.hole[index].tolist()
        for y in range(16):
            for x in range(16):
                to_y, to_x = y + down, x + right
                in_hole = -4 <= to_y - middle_y < 4 and -4 <= to_x - middle_x < 4
                visible = 0 <= to_y < 16 and 0 <= to_x < 16 and not in_hole
                assert (images.grad[index, :, y, x] == float(visible)).all()
