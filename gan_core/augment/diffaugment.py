"""Differentiable augmentation (Zhao et al. 2020): colour, translation and cutout, always all that are switched on.

What is random is drawn first and applied afterwards, so that each alteration is a plain function of pictures and numbers.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_core import parallel
from gan_core.config import TrainConfig

TRANSLATION = 1 / 8
"""Largest shift, as share of a side."""
CUTOUT = 1 / 2
"""Side of the hole, as share of the picture's."""


class Colour(NamedTuple):
    """Each (N, 1, 1, 1)."""

    brightness: Tensor
    """Added; -0.5..0.5."""
    saturation: Tensor
    """Factor, 0..2, of the distance to the pixel's own grey."""
    contrast: Tensor
    """Factor, 0.5..1.5, of the distance to the picture's mean."""


class Drawn(NamedTuple):
    """The random numbers of N pictures; None for what is switched off."""

    colour: Colour | None
    shift: Tensor | None
    """(N, 2) int64: pixels (down, right)."""
    hole: Tensor | None
    """(N, 2) int64: the middle (y, x) of the hole, which may lie partly outside."""


def draw(config: TrainConfig, images: Tensor) -> Drawn:
    """Numbers for pictures (N, C, H, W), from the global random state."""
    own, _, *sides = images.shape
    count = parallel.whole(own)
    colour = shift = hole = None
    if config.augment_colour:
        brightness, saturation, contrast = map(parallel.mine, torch.rand(3, count, 1, 1, 1, device=images.device))
        colour = Colour(brightness - 0.5, saturation * 2, contrast + 0.5)
    if config.augment_translation:
        furthest = [round_half_up(side * TRANSLATION) for side in sides]
        shift = torch.stack([torch.randint(-most, most + 1, (count,), device=images.device) for most in furthest], dim=1)
    if config.augment_cutout:
        # a hole of even side has its middle between two pixels, of which there is one more
        places = [side + (1 - round_half_up(side * CUTOUT) % 2) for side in sides]
        hole = torch.stack([torch.randint(0, most, (count,), device=images.device) for most in places], dim=1)
    return Drawn(colour, *(None if places is None else parallel.mine(places) for places in (shift, hole)))


def apply(images: Tensor, drawn: Drawn, empty: Tensor) -> Tensor:
    """Pictures (N, C, H, W) altered. `empty` (1, C, 1, 1) is what uncovered and cut out places get."""
    if drawn.colour is not None:
        images = recolour(images, drawn.colour)
    if drawn.shift is not None:
        images = translate(images, drawn.shift, empty)
    if drawn.hole is not None:
        images = cut_out(images, drawn.hole, empty)
    return images


def recolour(images: Tensor, colour: Colour) -> Tensor:
    """Brightness, then saturation, then contrast; alpha, the fourth channel, stays as it is.

    The three are one sum: a pixel's grey is what saturation keeps, and the picture's mean is what contrast keeps.
    """
    seen = images[:, :3]  # (N, 1 or 3, H, W)
    grey = seen.mean(dim=1, keepdim=True)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    rest = grey * (colour.contrast * (1 - colour.saturation)) + (mean * (1 - colour.contrast) + colour.brightness)
    altered = torch.addcmul(rest, seen, colour.contrast * colour.saturation)
    return altered if images.shape[1] < 4 else torch.cat([altered, images[:, 3:]], dim=1)


def translate(images: Tensor, shift: Tensor, empty: Tensor) -> Tensor:
    """Pictures moved by `shift` (N, 2) pixels (down, right), each at most TRANSLATION of its side."""
    moved: Tensor = _Translation.apply(images, shift, empty)
    return moved


class _Translation(torch.autograd.Function):
    """Moves maps. Its gradient is the way back, which costs as little; that of indexing costs many times as much."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, shift: Tensor, empty: Tensor) -> Tensor:
        ctx.save_for_backward(shift, empty)
        count, channels, height, width = images.shape
        down, right = round_half_up(height * TRANSLATION), round_half_up(width * TRANSLATION)
        padded = empty.view(1, 1, 1, channels).repeat(count, height + 2 * down, width + 2 * right, 1)
        padded[:, down : down + height, right : right + width] = images.permute(0, 2, 3, 1)
        windows = padded.unfold(1, height, 1).unfold(2, width, 1)  # (N, 2 down + 1, 2 right + 1, C, H, W), a view
        chosen = torch.arange(count, device=images.device), down - shift[:, 0], right - shift[:, 1]
        moved: Tensor = windows.permute(0, 1, 2, 4, 5, 3)[chosen]
        return moved.permute(0, 3, 1, 2)  # (N, C, H, W), channels_last as the networks have it

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        shift, empty = ctx.saved_tensors
        return _Translation.apply(gradient, -shift, torch.zeros_like(empty)), None, None


def cut_out(images: Tensor, hole: Tensor, empty: Tensor) -> Tensor:
    """Pictures with a hole of CUTOUT of their sides around `hole` (N, 2), as far as it lies inside."""
    inside = []
    for axis, side in enumerate(images.shape[2:]):
        size = round_half_up(side * CUTOUT)
        first = hole[:, axis, None] - size // 2  # (N, 1)
        places = torch.arange(side, device=images.device)
        inside.append((places >= first) & (places < first + size))  # (N, side)
    cut = inside[0][:, None, :, None] & inside[1][:, None, None, :]  # (N, 1, H, W)
    return torch.where(cut, empty, images)


def round_half_up(value: float) -> int:
    return int(value + 0.5)
