"""From pictures of any kind to features."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core.errors import ScoresUnavailable
from gan_core.scores import Extractor, load_extractor
from tests.gan_core.scores.conftest import CPU, Pictures


def pictures(count: int = 20, side: int = 24, channels: int = 3) -> Pictures:
    """Coarse patterns."""
    coarse = np.random.default_rng(count).integers(0, 256, (count, 4, 4, channels), dtype=np.uint8)
    return coarse.repeat(side // 4, 1).repeat(side // 4, 2)


def test_each_picture_has_its_features_whatever_it_comes_with(lite: Extractor) -> None:
    images = pictures(20)
    whole = lite(images)
    assert whole.shape == (20, 1280) and whole.dtype == torch.float32 and not whole.requires_grad
    alone = torch.cat([lite(images[number : number + 1]) for number in (0, 15, 16, 19)])
    assert torch.allclose(whole[[0, 15, 16, 19]], alone, atol=1e-4)
    assert (lite.name, lite.key) == ("EfficientNet-Lite0 at 128 px", "lite0-128")


def test_grey_is_colour_without_colours(lite: Extractor) -> None:
    grey = pictures(4, channels=1)
    assert torch.allclose(lite(grey), lite(grey.repeat(3, axis=3)), atol=1e-4)


@pytest.mark.parametrize("background", ["#ffffff", "#204060"])
def test_transparent_pictures_lie_on_the_background(background: str, lite: Extractor) -> None:
    images = pictures(4, channels=4)
    alpha = images[..., 3:] / 255
    ground = np.array([int(background[at : at + 2], 16) for at in (1, 3, 5)])
    flat = (images[..., :3] * alpha + ground * (1 - alpha)).round().astype(np.uint8)
    laid, expected = lite(images, background), lite(flat)
    assert torch.nn.functional.cosine_similarity(laid, expected).min() > 0.999
    assert not torch.allclose(laid, lite(images, "#ff0000"), atol=0.1)


def test_reduced_precision_around_it_is_none_of_its_business(lite: Extractor) -> None:
    images = pictures(4)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(lite(images), lite(images))
        around = lite(images)
    assert torch.allclose(around, lite(images), atol=1e-5)


@pytest.fixture(scope="module")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the right form with random weights."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Untrained(FeatureExtractorInceptionV3):
        def load_state_dict(self, *arguments: object, **options: object) -> None:
            pass

    directory = tmp_path_factory.mktemp("inception")
    torch.save({}, directory / "empty.pth")
    torch.manual_seed(0)
    network = Untrained("untrained", ["2048"], feature_extractor_weights_path=str(directory / "empty.pth"))
    torch.save(network.state_dict(), directory / "weights.pth")
    return directory / "weights.pth"


def test_inception_is_that_of_torch_fidelity(inception_weights: Path) -> None:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    extractor = load_extractor(CPU, inception_weights)
    assert torch.equal(torch.random.get_rng_state(), state)
    images = pictures(2)
    features = extractor(images)
    (expected,) = FeatureExtractorInceptionV3("it", ["2048"], str(inception_weights))(torch.from_numpy(images).permute(0, 3, 1, 2))
    assert extractor.name == "Inception" and features.shape == (2, 2048) and torch.allclose(features, expected, atol=1e-5)


def test_other_files_are_not_taken_for_inception(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("not weights at all")
    for name in ("other.pth", "text.pth"):
        with pytest.raises(ScoresUnavailable, match=f"{name} does not hold"):
            load_extractor(CPU, tmp_path / name)
    with pytest.raises(ScoresUnavailable, match="There is no file"):
        load_extractor(CPU, tmp_path / "missing.pth")
