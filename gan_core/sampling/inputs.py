"""What a generator is given: latents, labels, and noise if it takes any; drawn at random while training, from a seed for everybody to see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan_core import seeds
from gan_core.config import TrainConfig


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Of N pictures. The noise is made when it is needed: there may be more of it than of pixels."""

    latents: Tensor
    """(N, latent_size)"""
    labels: Tensor | None
    """(N,) int64, if the generator learnt classes."""
    noise_seeds: tuple[int, ...]
    """N seeds of the plain random numbers that some generators take besides."""

    def portions(self, size: int) -> "Iterator[Inputs]":
        """The same in portions of at most so many pictures."""
        for at in range(0, len(self.latents), size):
            part = slice(at, at + size)
            yield Inputs(self.latents[part], None if self.labels is None else self.labels[part], self.noise_seeds[part])

    def part(self, start: int, end: int, noise_size: int, device: torch.device) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Latents, labels and noise (None if `noise_size` is 0) of the pictures from `start` to before `end`, on the device."""
        labels = None if self.labels is None else self.labels[start:end].to(device)
        rows = [torch.randn(noise_size, generator=torch.Generator().manual_seed(seed)) for seed in self.noise_seeds[start:end] if noise_size]
        return self.latents[start:end].to(device), labels, torch.stack(rows).to(device) if rows else None


def draw_latents(config: TrainConfig, count: int, device: torch.device) -> Tensor:
    """(count, latent_size) from the global random state."""
    if config.latent_distribution == "uniform":
        return torch.empty(count, config.latent_size, device=device).uniform_(-1, 1)
    return _shaped(config, torch.randn(count, config.latent_size, device=device))


def draw_inputs(network: nn.Module, config: TrainConfig, labels: Tensor | None, count: int, device: torch.device) -> tuple[Tensor | None, ...]:
    """What to call a generator with, from the global random state: latents, labels, and noise if it takes any."""
    latents, size = draw_latents(config, count, device), noise_size(network)
    return (latents, labels, torch.randn(count, size, device=device)) if size else (latents, labels)


def noise_size(network: nn.Module) -> int:
    """Plain random numbers that a generator needs for each picture besides its latent, (N, noise_size); 0 if it takes none."""
    return int(getattr(network, "noise_size", 0))


def seeded_latents(config: TrainConfig, count: int, seed: int) -> Tensor:
    """(count, latent_size) of a seed, the same on every device; the first ones do not depend on how many are drawn."""
    source = torch.Generator().manual_seed(seed)
    if config.latent_distribution == "uniform":
        return torch.stack([torch.rand(config.latent_size, generator=source) * 2 - 1 for _ in range(count)])
    return _shaped(config, torch.stack([torch.randn(config.latent_size, generator=source) for _ in range(count)]))


def seeded_inputs(config: TrainConfig, count: int, seed: int, labels: Tensor | None = None) -> Inputs:
    """Of a seed: latents as by `seeded_latents`, and noise of which the same holds."""
    return Inputs(seeded_latents(config, count, seed), labels, noise_seeds(count, seed))


def noise_seeds(count: int, seed: int) -> tuple[int, ...]:
    """The seeds of the noise of so many pictures; the first ones do not depend on how many there are."""
    return tuple(seeds.derive(seed, seeds.Purpose.NOISE, number) for number in range(count))


def inputs_between(config: TrainConfig, ends: Sequence[int], frames: int, label: int | None = None) -> Inputs:
    """`frames` pictures evenly along the way from the first picture of the first of the seeds `ends` over all others to that of the last.

    Normal and spherical latents turn from one to the next, which keeps their length usual (White 2016, "Sampling generative networks"); uniform
    ones go straight. The noise stays that of the first.
    """
    stops = torch.stack([seeded_latents(config, 1, seed)[0] for seed in ends])  # (stops, latent_size)
    places = torch.linspace(0, len(ends) - 1, frames)
    legs = places.long().clamp(max=len(ends) - 2)
    share = (places - legs)[:, None]  # (frames, 1)
    mix = torch.lerp if config.latent_distribution == "uniform" else _turn
    labels = None if label is None else torch.full((frames,), label)
    return Inputs(mix(stops[legs], stops[legs + 1], share), labels, noise_seeds(1, ends[0]) * frames)


def _turn(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Spherical interpolation of vectors (N, L); of those on one line it is the straight one."""
    cosine = nn.functional.cosine_similarity(start, end, dim=1)[:, None].clamp(-1, 1)
    angle = cosine.arccos()
    turned = (start * torch.sin((1 - share) * angle) + end * torch.sin(share * angle)) / angle.sin()
    return torch.where(angle.sin() < 1e-3, torch.lerp(start, end, share), turned)


def _shaped(config: TrainConfig, latents: Tensor) -> Tensor:
    """Normal latents as they are, or each brought to the length sqrt(latent_size), which normal ones have on average."""
    if config.latent_distribution == "spherical":
        return latents / latents.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-8)
    return latents
