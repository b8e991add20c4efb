"""Adaptive discriminator augmentation (Karras et al. 2020, "Training generative adversarial networks with limited data").

Each alteration happens to each picture with one probability, which follows how sure the discriminator is of real pictures: as long as it stays
well below 1, what the pictures went through does not show in what the generator draws (section 2.2). Of the paper's alterations these are
"bgc": moving by whole pixels, geometry, colour (appendix B). All geometry is one lookup, bilinear and without the paper's low-pass
filters: it blurs a little more, real and drawn pictures alike, and costs a fraction.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gan_core import parallel

ADAPT_EVERY = 4
"""Discriminator steps between two changes of the probability."""
PICTURES_TO_ONE = 500_000
"""Real pictures that it takes the probability from 0 to 1."""
TRANSLATION = 1 / 8
SCALE = 0.2 * math.log(2)
"""Standard deviation of the logarithm of a scale."""
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5 * math.log(2), math.log(2)


class Probability:
    """The probability of each alteration, and what it follows; all on the device, so that nobody waits for it."""

    def __init__(self, target: float, device: torch.device) -> None:
        self.target = target
        self.value = torch.zeros((), device=device)
        self.signs = torch.zeros(2, device=device)
        """Sum and count of the signs since the last change."""
        self.steps = self.pictures = 0
        """Since the last change."""

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> None:
        signs = real_logits.detach().float().sign()
        self.signs = self.signs + parallel.mean(torch.stack([signs.sum(), torch.full_like(self.value, signs.numel())]))

    def adapt(self, pictures: int) -> None:
        """Count a discriminator step; at every fourth go up if the discriminator is too sure, else down (section 3)."""
        self.steps, self.pictures = self.steps + 1, self.pictures + pictures
        if self.steps < ADAPT_EVERY:
            return
        overfitting = self.signs[0] / self.signs[1].clamp(min=1)
        self.value = (self.value + (overfitting - self.target).sign() * (self.pictures / PICTURES_TO_ONE)).clamp(0, 1)
        self.signs = torch.zeros_like(self.signs)
        self.steps = self.pictures = 0

    def state(self) -> dict[str, Tensor]:
        return {"probability": self.value, "signs": self.signs, "counts": torch.tensor([self.steps, self.pictures])}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        self.value = tensors["probability"].to(self.value.device, copy=True)
        self.signs = tensors["signs"].to(self.signs.device, copy=True)
        self.steps, self.pictures = tensors["counts"].tolist()


class Drawn(NamedTuple):
    """The random numbers of N pictures, each (N,); what does not happen to a picture has the value that changes nothing."""

    mirrored: Tensor
    """-1 for mirrored left to right, else 1."""
    quarter_turns: Tensor
    """Turns by 90 degrees, 0..3."""
    down: Tensor
    right: Tensor
    """Shares of the sides, which come to whole pixels."""
    scale: Tensor
    turn_before: Tensor
    stretch: Tensor
    """Factor of the width, divisor of the height."""
    turn_after: Tensor
    """Radians."""
    further_down: Tensor
    further_right: Tensor
    """Shares of the sides."""
    brightness: Tensor
    contrast: Tensor
    inverted: Tensor
    """-1 for light and dark exchanged, else 1."""
    hue: Tensor
    """Radians around the grey axis."""
    saturation: Tensor


def draw(images: Tensor, probability: Tensor, *, mirror: bool) -> Drawn:
    """Numbers for pictures (N, C, H, W), from the global random state. Without `mirror` none is mirrored."""
    count, device = parallel.whole(len(images)), images.device

    def perhaps(value: Tensor, neutral: float, chance: Tensor = probability) -> Tensor:
        return torch.where(torch.rand(count, device=device) < chance, value, neutral)

    def even(low: float, high: float) -> Tensor:
        return torch.empty(count, device=device).uniform_(low, high)

    def bell(spread: float) -> Tensor:
        return torch.randn(count, device=device) * spread

    def either() -> Tensor:
        return torch.randint(0, 2, (count,), device=device) * 2.0 - 1.0

    turning = 1 - (1 - probability).sqrt()  # for each of two turns, so that one of them or both has the probability
    drawn = Drawn(
        mirrored=perhaps(either(), 1) if mirror else torch.ones(count, device=device),
        quarter_turns=perhaps(torch.randint(0, 4, (count,), device=device).float(), 0),
        down=perhaps(even(-TRANSLATION, TRANSLATION), 0),
        right=perhaps(even(-TRANSLATION, TRANSLATION), 0),
        scale=perhaps(bell(SCALE).exp(), 1),
        turn_before=perhaps(even(-math.pi, math.pi), 0, turning),
        stretch=perhaps(bell(SCALE).exp(), 1),
        turn_after=perhaps(even(-math.pi, math.pi), 0, turning),
        further_down=perhaps(bell(TRANSLATION), 0),
        further_right=perhaps(bell(TRANSLATION), 0),
        brightness=perhaps(bell(BRIGHTNESS), 0),
        contrast=perhaps(bell(CONTRAST).exp(), 1),
        inverted=perhaps(either(), 1),
        hue=perhaps(even(-math.pi, math.pi), 0),
        saturation=perhaps(bell(SATURATION).exp(), 1),
    )
    return Drawn(*map(parallel.mine, drawn))


def apply(images: Tensor, drawn: Drawn) -> Tensor:
    """Pictures (N, C, H, W) altered: geometry of all channels, colours of all but alpha."""
    return recolour(move(images, drawn), drawn)


def move(images: Tensor, drawn: Drawn) -> Tensor:
    """All geometry as one bilinear lookup. Beyond its edges a picture is continued by its mirror image."""
    count, _, height, width = images.shape
    origin = _origin(drawn, height, width)  # (N, 2, 3)
    y = torch.arange(height, device=images.device).view(1, height, 1) - (height - 1) / 2
    x = torch.arange(width, device=images.device).view(1, 1, width) - (width - 1) / 2
    # sums rather than matrix products, which a GPU would round to 10 bits
    from_x, from_y = (row[:, 0, None, None] * x + row[:, 1, None, None] * y + row[:, 2, None, None] for row in origin.unbind(1))  # (N, H, W)
    grid = torch.stack([from_x * (2 / width), from_y * (2 / height)], dim=3)
    moved = functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    still = (origin == torch.eye(2, 3, device=images.device)).all(dim=2).all(dim=1)
    return torch.where(still.view(count, 1, 1, 1), images, moved)  # to the last bit


def _origin(drawn: Drawn, height: int, width: int) -> Tensor:
    """(N, 2, 3): where a pixel comes from, in pixels (x, y, 1) from the middle. The way of the picture backwards, so each step is the inverse's."""
    one, zero = torch.ones_like(drawn.scale), torch.zeros_like(drawn.scale)

    def affine(*numbers: Tensor) -> Tensor:
        return torch.stack([*numbers, zero, zero, one], dim=1).view(-1, 3, 3)

    def turned(cosine: Tensor, sine: Tensor) -> Tensor:
        return affine(cosine, sine, zero, -sine, cosine, zero)

    def moved(right: Tensor, down: Tensor) -> Tensor:
        return affine(one, zero, -right, zero, one, -down)

    def scaled(horizontal: Tensor, vertical: Tensor) -> Tensor:
        return affine(1 / horizontal, zero, zero, zero, 1 / vertical, zero)

    quarter = drawn.quarter_turns * (math.pi / 2)
    steps = [
        affine(drawn.mirrored, zero, zero, zero, one, zero),
        turned(quarter.cos().round(), quarter.sin().round()),
        moved((drawn.right * width).round(), (drawn.down * height).round()),
        scaled(drawn.scale, drawn.scale),
        turned(drawn.turn_before.cos(), drawn.turn_before.sin()),
        scaled(drawn.stretch, 1 / drawn.stretch),
        turned(drawn.turn_after.cos(), drawn.turn_after.sin()),
        moved(drawn.further_right * width, drawn.further_down * height),
    ]
    product = steps[0]
    for step in steps[1:]:
        product = (product[:, :, :, None] * step[:, None]).sum(dim=2)
    return product[:, :2]


def recolour(images: Tensor, drawn: Drawn) -> Tensor:
    """Brightness, contrast, inversion, hue and saturation; alpha, the fourth channel, stays as it is.

    The paper's matrices, multiplied out. The last three keep the grey axis, so a pixel is its grey and a rest: inversion is of the grey, hue
    turns the rest around the axis, saturation scales it. Without colours there is no rest.
    """
    brightness, contrast, inverted, hue, saturation = (value.view(-1, 1, 1, 1) for value in drawn[-5:])
    seen = images[:, :3]  # (N, 1 or 3, H, W)
    grey = seen.mean(dim=1, keepdim=True)
    across = seen.roll(1, dims=1) - seen.roll(-1, dims=1)  # the rest turned by 90 degrees, and sqrt(3) as long
    along, beside = contrast * saturation * hue.cos(), contrast * saturation * hue.sin() / math.sqrt(3)
    altered = seen * along + across * beside + (grey * (contrast * inverted - along) + brightness * contrast * inverted)
    return altered if images.shape[1] < 4 else torch.cat([altered, images[:, 3:]], dim=1)
