"""What drawn pictures are compared with: features of the training pictures."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from gan_core.events import Nearest, Scores
from gan_core.images.store import ImageStore
from gan_core.scores.features import Extractor
from gan_core.scores.neighbours import cosine_distances, manifold, memorisation_penalty, usual_distance
from gan_core.scores.statistics import frechet, kernel_distance

PORTION = 256
"""Pictures read from the disk at once."""
COPY = 0.2
"""Of the usual distance: nearer than that is a copy."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    features: Tensor
    """(M, D) float32."""
    places: Tensor
    """(M,) int64: which pictures of the store these are."""
    usual: float
    """Median cosine distance from one of them to the nearest other one."""
    extractor: str

    @classmethod
    def of(cls, images: ImageStore, extractor: Extractor, background: str, most: int = 2000) -> Self:
        """Features of at most so many pictures, evenly spread; kept beside the pictures if these lie on a disk."""
        count = min(most, len(images))
        places = torch.arange(count) * len(images) // count
        path = None if images.directory is None else images.directory / f"features-{extractor.key}-{background.lstrip('#')}-{count}.npy"
        if path is not None and path.exists():
            features = torch.from_numpy(np.load(path))
        else:
            features = torch.cat([extractor(images.images[part.numpy()], background) for part in places.split(PORTION)])
            if path is not None:
                _keep(features, path)
        return cls(features, places, usual_distance(features), extractor.name)

    def nearest(self, features: Tensor, count: int = 6) -> Nearest:
        """The training pictures nearest to those with these features (N, D)."""
        found = cosine_distances(features, self.features).topk(min(count, len(self.features)), dim=1, largest=False)
        return Nearest(self.places[found.indices].numpy(), found.values.numpy(), self.usual, self.extractor)


def _keep(features: Tensor, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.npy")
    np.save(unfinished, features.numpy())
    os.replace(unfinished, path)


def compare(reference: Reference, features: Tensor, *, step: int, seconds: float, seed: int, cost: float = 0.0) -> Scores:
    """Score drawn pictures by their features (N, D), N at least 1. `seed` is what they were drawn by.

    `copies` are nearer to a training picture than COPY times the usual distance.
    """
    distance = frechet(reference.features, features)
    kid, error = kernel_distance(reference.features, features, seed)
    near = manifold(reference.features, features)
    nearest = cosine_distances(features, reference.features).min(1).values
    return Scores(
        step=step,
        seconds=seconds,
        extractor=reference.extractor,
        samples=len(features),
        real=len(reference.features),
        seed=seed,
        fd=distance,
        kid=kid,
        kid_error=error,
        precision=near.precision,
        recall=near.recall,
        density=near.density,
        coverage=near.coverage,
        mifid=distance / memorisation_penalty(nearest),
        copies=float((nearest <= COPY * reference.usual).double().mean()),
        cost=cost,
    )
