"""A small classifier of a set's pictures: does it see in a drawn picture the class that was asked for?"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_core.images.store import ImageStore

SIDE, BATCH, EPOCHS, HELD_OUT = 32, 64, 8, 10
"""One in ten pictures is held out."""
LEAST = 0.97
"""Of the held-out pictures it must name so many rightly, or its opinion is worth nothing."""
Pictures = npt.NDArray[np.uint8]


def _network(classes: int) -> nn.Module:
    """Pictures (N, 3, SIDE, SIDE) to logits (N, classes)."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 3, padding=1),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(24, 48, 3, padding=1),
        nn.BatchNorm2d(48),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(48, 96, 3, padding=1),
        nn.BatchNorm2d(96),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(96 * (SIDE // 8) ** 2, classes),
    )


def _seen(images: Pictures) -> Tensor:
    """(N, H, W, C in {1, 3}) as the classifier sees them, (N, 3, SIDE, SIDE)."""
    parts = [torch.from_numpy(np.array(images[at : at + 256])).permute(0, 3, 1, 2).float() / 127.5 - 1 for at in range(0, len(images), 256)]
    return torch.cat([functional.interpolate(part, (SIDE, SIDE), mode="bilinear", antialias=True) for part in parts]).expand(-1, 3, -1, -1)


class Classifier:
    """Trained once for a prepared set, and kept in `path`."""

    def __init__(self, images: ImageStore, path: Path) -> None:
        assert images.labels is not None
        self.network = _network(len(images.class_names))
        if path.exists():
            kept = torch.load(path, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.right = float(kept["right"])
        else:
            self.right = self._learn(_seen(images.images), torch.from_numpy(images.labels))
            torch.save({"network": self.network.state_dict(), "right": self.right}, path)
        if self.right < LEAST:
            raise SystemExit(f"The classifier names only {self.right:.1%} of the held-out pictures rightly.")

    def _learn(self, pictures: Tensor, labels: Tensor) -> float:
        """Share of the held-out pictures that it then names rightly."""
        torch.manual_seed(0)
        held_out = torch.arange(len(labels)) % HELD_OUT == 0
        learnt, answers = pictures[~held_out], labels[~held_out]
        optimizer = torch.optim.Adam(self.network.parameters(), lr=2e-3)
        steps = EPOCHS * (len(learnt) // BATCH)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            places = torch.randint(len(learnt), (BATCH,))
            optimizer.zero_grad()
            functional.cross_entropy(self.network(learnt[places]), answers[places]).backward()
            optimizer.step()
            schedule.step()
        return float((self._guess(pictures[held_out]) == labels[held_out]).float().mean())

    @torch.no_grad()
    def _guess(self, pictures: Tensor) -> Tensor:
        self.network.eval()
        return torch.cat([self.network(part).argmax(dim=1) for part in pictures.split(256)])

    def agreement(self, images: Pictures, labels: Tensor) -> float:
        """Share of the pictures that it takes for what was asked for."""
        return float((self._guess(_seen(images)) == labels).float().mean())
