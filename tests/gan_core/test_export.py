"""Generators as ONNX: the same pictures without torch, or no file at all."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from gan_core import architectures
from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.export import WeightsMeta, save_weights
from gan_core.onnx_export import ExportFailed, export_onnx
from gan_core.sampling import LoadedGenerator, load, noise_size, seeded_inputs

pytestmark = pytest.mark.xdist_group("export")  # one process exports for all
CPU = torch.device("cpu")
NAMES = ("cat", "dog", "owl")


def trained(path: Path, architecture: str, **settings: object) -> LoadedGenerator:
    small = {"steps": 1, "width": 16, "height": 20, "generator_width": 4, "latent_size": 8}
    config = TrainConfig.model_validate({**small, "architecture": architecture, **settings})
    torch.manual_seed(0)
    network = architectures.load(architecture).Generator(config, 3, len(NAMES) if config.conditional else 0)
    for parameter in network.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    save_weights(network, config, path, WeightsMeta(3, NAMES if config.conditional else (), 7, 10))
    return load(path)


CASES = {
    # has noise, and weights that spectral normalisation computes
    "fastgan": {"conditional": True, "latent_distribution": "spherical", "fit": "stretch"},
    "mlp": {"latent_distribution": "uniform"},
}
INPUTS = {"fastgan": ["latents", "labels", "noise"], "mlp": ["latents"]}


Exported = tuple[LoadedGenerator, Path]


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Exported]:
    """export(architecture): a generator, and the folder with its weights and model.onnx. Each is exported once, which takes seconds."""

    @cache
    def exported(architecture: str) -> Exported:
        folder = tmp_path_factory.mktemp(architecture)
        generator = trained(folder / "weights.safetensors", architecture, **CASES[architecture])
        before = {name: value.clone() for name, value in generator.network.state_dict().items()}
        assert 0 <= export_onnx(generator, folder / "model.onnx") <= 1e-4
        assert all(torch.equal(value, before[name]) for name, value in generator.network.state_dict().items())
        return generator, folder

    return exported


each_case = pytest.mark.parametrize("case", CASES)


@each_case
def test_onnx_draws_the_same_pictures_in_any_number(case: str, export: Callable[[str], Exported]) -> None:
    generator, folder = export(case)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    names = [value.name for value in session.get_inputs()]
    assert names == INPUTS[generator.config.architecture]
    for count in (1, 4, 11):
        labels = torch.arange(count) % 3 if "labels" in names else None
        given = seeded_inputs(generator.config, count, 9, labels).part(0, count, noise_size(generator.network), CPU)
        (images,) = session.run(["images"], {name: value.numpy() for name, value in zip(names, filter(torch.is_tensor, given), strict=True)})
        drawn = np.clip((images + 1) * 127.5, 0, 255).transpose(0, 2, 3, 1)
        assert images.shape == (count, 3, 20, 16) and drawn.std() > 1
        assert np.abs(drawn - generator.generate(count, 9).astype(float)).max() < 0.6


@each_case
def test_the_code_of_a_card_draws_with_what_was_exported(case: str, export: Callable[[str], Exported], monkeypatch: pytest.MonkeyPatch) -> None:
    generator, folder = export(case)
    about = {"channels": 3, "step": 7, "image_count": 10, "class_names": generator.class_names, "noise_size": noise_size(generator.network)}
    card = model_card(generator.config, title="Animals", onnx="model.onnx", **about)
    monkeypatch.chdir(folder)
    torch_code, onnx_code = re.findall(r"```python\n(.*?)```", card, re.S)
    values: dict[str, np.ndarray] = {}
    exec(torch_code, values)
    assert values["usual"].shape == (64, 20, 16, 3)
    exec(onnx_code, values)
    assert values["pixels"].shape == (8, 3, 20, 16) and values["pixels"].dtype == np.uint8
    lengths = np.linalg.norm(values["latents"], axis=1)
    spherical = generator.config.latent_distribution == "spherical"
    assert np.allclose(lengths, 8**0.5) if spherical else np.abs(values["latents"]).max() <= 1


@each_case
def test_an_onnx_file_tells_what_its_inputs_mean(case: str, export: Callable[[str], Exported]) -> None:
    generator, folder = export(case)
    model = onnx.load(folder / "model.onnx")
    onnx.checker.check_model(model)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(about["class_names"]) == list(generator.class_names) and about["step"] == "7"
    assert about["latent_distribution"] == generator.config.latent_distribution


def test_weights_that_are_no_numbers_are_not_exported(tmp_path: Path) -> None:
    generator = trained(tmp_path / "w.safetensors", "mlp")
    next(generator.network.parameters()).data[:] = float("nan")
    with pytest.raises(ExportFailed, match="other pictures"):
        export_onnx(generator, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
