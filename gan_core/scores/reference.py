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
from gan_core.scores.neighbours import copies, cosine_distances, manifold, memorisation_penalty, usual_distances
from gan_core.scores.statistics import frechet, kernel_distance

PORTION = 256
"""Pictures read from the disk at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    features: Tensor
    """(M, D) float32."""
    places: Tensor
    """(M,) int64: which pictures of the store these are."""
    usual: float
    """Median cosine distance from one of them to the nearest other one."""
    copy_ratio: float
    """Of the distances to the nearest and the next nearest of them, below which a picture is a copy."""
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
            wanted = places.numpy()
            features = torch.cat([extractor(images.images[wanted[at : at + PORTION]], background) for at in range(0, count, PORTION)])
            if path is not None:
                _keep(features, path)
        return cls(features, places, *usual_distances(features), extractor.name)

    def nearest(self, features: Tensor, count: int = 6) -> Nearest:
        """The training pictures nearest to those with these features (N, D)."""
        found = cosine_distances(features, self.features).topk(min(count, len(self.features)), dim=1, largest=False)
        return Nearest(self.places[found.indices].numpy(), found.values.numpy(), self.usual, self.extractor)


def _keep(features: Tensor, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.npy")
    try:
        np.save(unfinished, features.numpy())
        os.replace(unfinished, path)
    except OSError:  # a full or read-only disk: the next run works them out again
        unfinished.unlink(missing_ok=True)


def compare(reference: Reference, features: Tensor, *, step: int, seconds: float, seed: int, cost: float = 0.0) -> Scores:
    """Score drawn pictures by their features (N, D), N at least 1. `seed` is what they were drawn by.

    Of many training pictures only those of the reference are known here: `copies` are copies of these.
    """
    distance = frechet(reference.features, features)
    kid, error = kernel_distance(reference.features, features)
    near = manifold(reference.features, features)
    distances = cosine_distances(features, reference.features)
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
        mifid=distance / memorisation_penalty(distances.min(1).values),
        copies=copies(distances, reference.copy_ratio),
        cost=cost,
    )
