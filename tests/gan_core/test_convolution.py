"""Convolutions and filters written for second derivatives and for small maps: they equal torch's own, in whichever way they are computed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_core import architectures, convolution
from gan_core.batches import Batches
from gan_core.convolution import Conv2d, ConvTranspose2d, conv2d
from gan_core.gemm import Geometry
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.recipes import configure
from gan_core.resample import Enlarge, Shrink

FIR = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8

CASES = [(1, 0, 1, 1), (3, 1, 1, 1), (3, 1, 1, 2), (4, 1, 2, 1), (5, 2, 2, 4)]
"""(kernel, padding, stride, groups)"""
SIZES = [((8, 8), 4, 2, 1), ((7, 9), 4, 2, 2), ((8, 6), 3, 1, 1), ((9, 8), 5, 2, 2), ((4, 4), 4, 1, 0), ((5, 5), 1, 2, 0), ((7, 8), 5, 3, 1)]
"""((height, width), kernel, stride, padding)"""


@pytest.fixture
def by_gemm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every product without groups is computed as matrix products, in whatever number format."""

    def gemm(gives: str, maps: Any, weight: Any, how: Geometry, given: Tensor, onednn: Callable[[], Any], gemm: Callable[[], Any]) -> Any:
        return gemm() if how.groups == 1 else onednn()

    monkeypatch.setattr(convolution, "faster", gemm)
    monkeypatch.setattr(convolution, "_may_gain", lambda *_: True)


def given(size: tuple[int, int], kernel: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Maps of 3 channels in channels_last order, weight and bias to 5."""
    maps = torch.randn(2, 3, *size, dtype=dtype).contiguous(memory_format=torch.channels_last)
    return maps.requires_grad_(), torch.randn(5, 3, kernel, kernel, dtype=dtype, requires_grad=True), torch.randn(5, dtype=dtype, requires_grad=True)


def answers(convolve: Callable[..., Tensor], *given: Tensor) -> list[Tensor]:
    """What is convolved, and the gradients of something that is not linear in it."""
    convolved = convolve(*given)
    return [convolved, *torch.autograd.grad(convolved.sin().sum(), given)]


@pytest.mark.usefixtures("by_gemm")
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SIZES)
def test_matrix_products_are_the_convolution(size: tuple[int, int], kernel: int, stride: int, padding: int) -> None:
    factors = given(size, kernel, torch.float32)
    mine = answers(lambda *factors: conv2d(*factors, stride=(stride, stride), padding=(padding, padding)), *factors)
    other = answers(lambda *factors: torch.conv2d(*factors, stride, padding), *factors)
    for one, expected in zip(mine, other, strict=True):
        assert (one - expected).abs().max() < 1e-5 * expected.abs().max().clamp(min=1)


@pytest.mark.usefixtures("by_gemm")
@pytest.mark.parametrize("architecture", architectures.names())
def test_every_architecture_learns_by_them(architecture: str) -> None:
    """And may change in place what they give, as activations do."""
    small = {"width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8, "batch_size": 4, "precision": "fp32"}
    config = configure(None, {**small, "architecture": architecture, "steps": 1, "penalty": "r1", "discriminator_batch_norm": False})
    pictures = ImageStore(np.random.default_rng(1).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8), None, ())  # type: ignore[arg-type]
    players = Players(config, 3, 0, 8, torch.device("cpu"))
    losses = players.step(1, Batches(config, pictures, torch.device("cpu")))
    assert losses.isfinite().all() and players.is_finite()


@pytest.mark.usefixtures("by_gemm")
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SIZES[:5])
def test_their_derivatives_are_right_and_so_are_those_of_the_slope(size: tuple[int, int], kernel: int, stride: int, padding: int) -> None:
    maps, weight, bias = given(size, kernel, torch.float64)
    how = Geometry((stride, stride), (padding, padding), 1)

    def convolved(maps: Tensor, weight: Tensor) -> Tensor:
        return convolution._Convolve.apply(maps, weight, bias, how)  # type: ignore[no-any-return]

    def transposed(weight: Tensor, maps: Tensor) -> Tensor:
        return convolution._ForMaps.apply(weight, maps, size, how)  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(convolved, (maps, weight), fast_mode=True)
    small = torch.randn_like(convolved(maps, weight)).requires_grad_()
    assert torch.autograd.gradcheck(transposed, (weight, small), fast_mode=True)
    assert torch.autograd.gradgradcheck(transposed, (weight, small), fast_mode=True)
    # with `create_graph`, a convolution's own gradient is one for the maps alone
    assert torch.autograd.gradgradcheck(lambda maps: convolved(maps, weight), (maps,), fast_mode=True)


def both(layer: type[nn.Module], other: type[nn.Module], *settings: Any, **more: Any) -> list[nn.Module]:
    """Two layers with the same weights."""
    layers = [layer(*settings, **more), other(*settings, **more)]
    layers[1].load_state_dict(layers[0].state_dict())
    return layers


@pytest.mark.usefixtures("by_gemm")
@pytest.mark.parametrize("settings", [(4, 2, 1, 0), (4, 2, (2, 1), (1, 0)), (5, 2, 2, 1), (3, 1, 1, 0)])
def test_a_transposed_convolution_by_matrix_products_is_that_of_torch(settings: tuple[Any, ...]) -> None:
    mine, other = both(ConvTranspose2d, nn.ConvTranspose2d, 3, 5, *settings)
    maps = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    one, expected = (
        [drawn, *torch.autograd.grad(drawn.sin().sum(), [maps, *layer.parameters()])] for layer in (mine, other) for drawn in [layer(maps)]
    )
    for left, right in zip(one, expected, strict=True):
        assert torch.allclose(left, right, atol=1e-5)


def test_a_kernel_as_large_as_the_maps_is_a_dense_layer() -> None:
    mine, other = both(Conv2d, nn.Conv2d, 3, 5, 4)
    maps = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    assert (mine(maps) - other(maps)).abs().max() < 1e-5


def layers(kernel: int, padding: int, stride: int, groups: int) -> list[Callable[..., Tensor]]:
    """Ours and torch's."""
    return [
        lambda *factors: conv2d(*factors, stride=(stride, stride), padding=(padding, padding), groups=groups),
        lambda *factors: torch.conv2d(*factors, stride, padding, 1, groups),
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_of_a_slope_is_that_of_torch(case: tuple[int, int, int, int]) -> None:
    kernel, _, _, groups = case
    maps = torch.randn(3, 4, 9, 8, dtype=torch.float64, requires_grad=True)
    weight, bias = torch.randn(8, 4 // groups, kernel, kernel, dtype=torch.float64, requires_grad=True), torch.randn(8, dtype=torch.float64)
    found = []
    for layer in layers(*case):
        convolved = layer(maps, weight, bias)
        (slope,) = torch.autograd.grad(convolved.sin().sum(), maps, create_graph=True)
        found.append([convolved, slope, *torch.autograd.grad(slope.square().sum(), [maps, weight])])
    for mine, other in zip(*found, strict=True):
        assert torch.allclose(mine, other, atol=1e-12)


def test_a_slope_asks_for_no_gradient_of_weights() -> None:
    layer = Conv2d(2, 2, 3, groups=2)
    gradients = torch.autograd.grad(layer(torch.randn(1, 2, 5, 5)).sum(), [layer.weight, layer.bias], create_graph=True, allow_unused=True)
    assert gradients == (None, None)


@pytest.mark.parametrize("groups", [1, 2])
def test_autocast_computes_in_its_own_format_and_keeps_the_weights(groups: int) -> None:
    layer, maps = Conv2d(2, 2, 3, padding=1, groups=groups), torch.randn(1, 2, 5, 5, requires_grad=True)
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
