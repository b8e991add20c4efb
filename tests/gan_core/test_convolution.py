"""Convolutions and filters written for second derivatives: they equal torch's own."""

import pytest
import torch
from torch import Tensor, nn

from gan_core.convolution import Conv2d
from gan_core.resample import Enlarge, Shrink

FIR = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8

CASES = [(1, 0, 1, 1), (3, 1, 1, 1), (3, 1, 1, 2), (4, 1, 2, 1), (5, 2, 2, 4)]


def layers(kernel: int, padding: int, stride: int, groups: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    """Ours and torch's with the same weights."""
    ours = Conv2d(4, 8, kernel, stride, padding, groups=groups).double()
    theirs = nn.Conv2d(4, 8, kernel, stride, padding, groups=groups).double()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("case", CASES)
def test_maps_and_gradients_are_those_of_torch(case: tuple[int, int, int, int]) -> None:
    maps = torch.randn(3, 4, 9, 8, dtype=torch.float64, requires_grad=True)
    answers = []
    for layer in layers(*case):
        convolved = layer(maps)
        answers.append([convolved, *torch.autograd.grad(convolved.sin().sum(), [maps, layer.weight, layer.bias])])
    for mine, other in zip(*answers, strict=True):
        assert torch.allclose(mine, other, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_of_a_slope_is_that_of_torch(case: tuple[int, int, int, int]) -> None:
    maps = torch.randn(3, 4, 9, 8, dtype=torch.float64, requires_grad=True)
    answers = []
    for layer in layers(*case):
        (slope,) = torch.autograd.grad(layer(maps).sin().sum(), maps, create_graph=True)
        answers.append(torch.autograd.grad(slope.square().sum(), [maps, layer.weight, layer.bias]))
    for mine, other in zip(*answers, strict=True):
        assert torch.allclose(mine, other, atol=1e-12)


def test_a_slope_asks_for_no_gradient_of_weights() -> None:
    layer = Conv2d(2, 2, 3)
    gradients = torch.autograd.grad(layer(torch.randn(1, 2, 5, 5)).sum(), [layer.weight, layer.bias], create_graph=True, allow_unused=True)
    assert gradients == (None, None)


def test_autocast_computes_in_its_own_format_and_keeps_the_weights() -> None:
    layer, maps = Conv2d(2, 2, 3, padding=1), torch.randn(1, 2, 5, 5, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        convolved = layer(maps)
    (slope,) = torch.autograd.grad(convolved.float().square().sum(), maps, create_graph=True)
    slope.square().sum().backward()
    assert convolved.dtype == torch.bfloat16
    assert layer.weight.grad is not None and layer.weight.grad.dtype == torch.float32


def filtered(maps: Tensor, up: bool) -> Tensor:
    """The filter in the usual way: one strided depthwise convolution."""
    channels = maps.shape[1]
    kernel = torch.outer(FIR, FIR).expand(channels, 1, 4, 4)
    if up:
        return nn.functional.conv_transpose2d(maps, 4 * kernel, stride=2, padding=1, groups=channels)
    return nn.functional.conv2d(maps, kernel, stride=2, padding=1, groups=channels)


def test_enlarging_and_shrinking_are_the_filter() -> None:
    small, large = torch.randn(2, 3, 5, 4, dtype=torch.float64), torch.randn(2, 3, 10, 8, dtype=torch.float64)
    assert torch.allclose(Enlarge((10, 8), (5, 4)).double()(small), filtered(small, up=True))
    assert torch.allclose(Shrink((10, 8), (5, 4)).double()(large), filtered(large, up=False))


def test_an_odd_side_is_met_and_an_equal_one_left_alone() -> None:
    small = torch.randn(2, 3, 6, 5, dtype=torch.float64)
    enlarged = Enlarge((6, 9), (6, 5)).double()(small)
    assert enlarged.shape == (2, 3, 6, 9)
    for row in range(6):  # each row as if it were alone
        assert torch.allclose(enlarged[:, :, row], Enlarge((1, 9), (1, 5)).double()(small[:, :, row : row + 1])[:, :, 0])
    assert Shrink((6, 9), (6, 5)).double()(enlarged).shape == small.shape
