"""The Inception network of the FID (Heusel et al. 2017), by torch-fidelity, from a file of its weights. Nothing is downloaded."""

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_core.errors import ScoresUnavailable


class InceptionFeatures(nn.Module):
    """Pictures (N, 3, H, W) 0..255 of any size to (N, 2048); resized to 299 pixels as the original does."""

    def __init__(self, weights: Path) -> None:
        """Raises ScoresUnavailable: torch-fidelity is not installed; the file is missing or another one."""
        super().__init__()
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as missing:
            raise ScoresUnavailable("Scores by Inception need the package torch-fidelity, which is not installed.") from missing
        try:
            torch.load(weights, weights_only=True, map_location="cpu")  # before it is read in a way that could run code
            with torch.random.fork_rng(devices=[]):
                self.network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(weights))
        except FileNotFoundError as missing:
            raise ScoresUnavailable(f"There is no file {weights}.") from missing
        except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
            raise ScoresUnavailable(f"{weights.name} does not hold the weights of the Inception network of torch-fidelity.") from error

    def forward(self, pixels: Tensor) -> Tensor:
        features: Tensor = self.network(pixels.round().to(torch.uint8))[0]
        return features
