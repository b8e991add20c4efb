"""Blocks that more than one architecture uses."""

import torch
from torch import Tensor, nn

LABEL_FEATURES = 32
"""Numbers that stand for a class at the generator's entrance."""
SMALLEST = 7
"""Sides up to this many pixels are not halved further: 64 ends at 4, 28 at 7, 300 at 5."""

Size = tuple[int, int]
"""(height, width)"""


def stage_sizes(height: int, width: int) -> list[Size]:
    """(height, width) of the maps from the picture down to the base, each side halved and rounded up until it is small."""
    sizes = [(height, width)]
    while max(sizes[-1]) > SMALLEST:
        sizes.append(tuple(side if side <= SMALLEST else -(-side // 2) for side in sizes[-1]))  # type: ignore[arg-type]
    return sizes


def stage_widths(width: int, stages: int, limit: int | None = None) -> list[int]:
    """Channels of each stage from the picture downwards: doubling, up to `limit`, or else to 512 or eight times the first, whichever is more."""
    return [min(width * 2**stage, limit or max(512, 8 * width)) for stage in range(stages)]


class LatentInput(nn.Module):
    """Joins the class to the latent, if there are classes (Mirza & Osindero 2014, with a learnt embedding in place of a one-hot vector)."""

    def __init__(self, latent_size: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, LABEL_FEATURES) if classes else None
        self.features = latent_size + (LABEL_FEATURES if classes else 0)

    def forward(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        if self.embedding is None:
            return latents
        return torch.cat([latents, self.embedding(labels)], dim=1)  # (N, latent_size + LABEL_FEATURES)


class Verdict(nn.Module):
    """Features (N, F) to one logit a picture, (N,).

    A dense layer with sigmoid may come first (`dense` units; 0 leaves it out). With classes the verdict depends on the picture's class by
    projection: the inner product of the features with an embedding of the class is added (Miyato & Koyama 2018, section 3).
    """

    def __init__(self, features: int, dense: int, classes: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(nn.Linear(features, dense), nn.Sigmoid()) if dense else nn.Identity()
        self.linear = nn.Linear(dense or features, 1)
        self.embedding = nn.Embedding(classes, dense or features) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        features = self.dense(features)
        logits: Tensor = self.linear(features).squeeze(1)
        if self.embedding is not None:
            logits = logits + (features * self.embedding(labels)).sum(dim=1)
        return logits


def flatten(maps: Tensor) -> Tensor:
    """(N, C, H, W) to (N, H * W * C). Free of copies for channels_last maps."""
    return maps.permute(0, 2, 3, 1).flatten(1)


def unflatten(features: Tensor, channels: int, height: int, width: int) -> Tensor:
    """(N, H * W * C) to (N, C, H, W) in channels_last order; the inverse of `flatten`."""
    return features.view(-1, height, width, channels).permute(0, 3, 1, 2)
