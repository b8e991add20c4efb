"""What one does with a trained generator, and what there is to choose from, on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from gan_core import architectures
from gan_core.__main__ import app
from gan_core.commands import console
from gan_core.config import TrainConfig
from gan_core.export import WeightsMeta, save_weights
from gan_core.recipes import RECIPES
from gan_core.sampling import load
from gan_core.sheet import compose

ROOT = Path(__file__).parents[2]


def type_in(*arguments: object) -> tuple[int, str]:
    """(exit code, what it printed)."""
    console.width = 200
    result = CliRunner().invoke(app, [*map(str, arguments)], env={"TERMINAL_WIDTH": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def weights(path: Path, names: tuple[str, ...] = (), *, channels: int = 3, original: tuple[int, int] = (0, 0), **settings: object) -> Path:
    small = {"steps": 1, "architecture": "mlp", "width": 16, "height": 16, "generator_width": 4, "latent_size": 8, "conditional": bool(names)}
    config = TrainConfig.model_validate({**small, **settings})
    torch.manual_seed(0)
    network = architectures.load(config.architecture).Generator(config, channels, len(names))
    save_weights(network, config, path, WeightsMeta(channels, names, 7, 10, *original))
    return path


@pytest.mark.parametrize("ending", ["png", "webp", "gif", "jpg", "jpeg", "PNG"])
def test_the_ending_tells_the_format(ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"grid.{ending}"
    code, output = type_in("sample", weights(tmp_path / "w.safetensors"), "--count", 6, "--columns", 3, "--out", out)
    assert code == 0 and "6 pictures of 16 x 16" in output
    picture = Image.open(out)
    assert picture.size == (48, 32) and picture.format == {"JPG": "JPEG"}.get(ending.upper(), ending.upper())
    assert getattr(picture, "n_frames", 1) == 1


def test_a_grid_is_square_unless_columns_are_given(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors")
    for count, side in ((16, 4), (17, 5)):
        type_in("sample", path, "--count", count, "--out", tmp_path / "grid.png")
        assert Image.open(tmp_path / "grid.png").width == side * 16


def test_what_is_drawn_is_what_python_draws(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", ("cat", "7", "dog"))
    generator = load(path)
    for typed, label in (("dog", "dog"), ("2", 2), ("7", "7")):
        type_in("sample", path, "--count", 4, "--seed", 5, "--label", typed, "--truncation", 0.5, "--out", tmp_path / "grid.png")
        expected = compose(generator.generate(4, 5, label, 0.5), 2)
        assert np.array_equal(np.asarray(Image.open(tmp_path / "grid.png")), expected)


def test_a_way_is_a_strip_or_moves(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors")
    frames = load(path).interpolate([1, 2, 1], 7)
    for ending in ("png", "gif", "webp"):
        code, output = type_in("sample", path, "--between", "1,2,1", "--frames", 7, "--out", tmp_path / f"way.{ending}")
        assert code == 0, output
    assert np.array_equal(np.asarray(Image.open(tmp_path / "way.png")), compose(frames, 7))
    moving = Image.open(tmp_path / "way.webp")
    assert moving.n_frames == 7 and moving.info["loop"] == 0
    for index, frame in enumerate(frames):
        moving.seek(index)
        assert np.array_equal(np.asarray(moving.convert("RGB")), frame)
    gif = Image.open(tmp_path / "way.gif")
    assert gif.n_frames == 7 and gif.size == (16, 16) and gif.info["duration"] == 80


def test_transparency_stays_where_the_format_has_it(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", channels=4, background="#204060")
    for ending, mode in (("png", "RGBA"), ("webp", "RGBA"), ("jpg", "RGB")):
        assert type_in("sample", path, "--count", 4, "--out", tmp_path / f"grid.{ending}")[0] == 0
        assert Image.open(tmp_path / f"grid.{ending}").mode == mode
    seen = np.asarray(Image.open(tmp_path / "grid.png")).astype(float)
    alpha = seen[..., 3:] / 255
    expected = seen[..., :3] * alpha + np.array([0x20, 0x40, 0x60]) * (1 - alpha)
    assert np.abs(np.asarray(Image.open(tmp_path / "grid.jpg")).astype(float).mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 4


def test_stretched_pictures_are_restored_unless_one_wants_them_as_drawn(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", fit="stretch", original=(300, 100))
    for options, size in (([], (96, 32)), (["--as-drawn"], (32, 32))):
        type_in("sample", path, "--count", 4, "--out", tmp_path / "grid.png", *options)
        assert Image.open(tmp_path / "grid.png").size == size


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "grid.bmp2"], "unknown ending"),
        (["--between", "1;2"], "as numbers with commas"),
        (["--between", "1"], "at least two seeds"),
        (["--label", "cat"], "did not learn classes"),
        (["--out", "missing/folder/grid.png"], "could not be written"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = type_in("sample", weights(tmp_path / "w.safetensors"), *arguments)
    assert code == 1 and sentence in output


def test_a_sheet_too_large_for_its_format_is_told(tmp_path: Path) -> None:
    code, output = type_in("sample", weights(tmp_path / "w.safetensors"), "--count", 1100, "--columns", 1100, "--out", tmp_path / "wide.webp")
    assert code == 1 and "17600 x 16 pixels could not be written" in output


def test_weights_that_are_none_are_told(tmp_path: Path) -> None:
    assert "There is no file nothing.safetensors" in type_in("sample", tmp_path / "nothing.safetensors")[1]
    assert "There is no file nothing.safetensors" in type_in("export", tmp_path / "nothing.safetensors", "--out", tmp_path / "x")[1]


def test_export_writes_three_files_that_go_together(tmp_path: Path) -> None:
    path = weights(tmp_path / "lions.safetensors", ("cat", "dog"))
    out = tmp_path / "exported"
    code, output = type_in("export", path, "--out", out)
    assert code == 0 and "largest difference" in output, output
    assert sorted(file.name for file in out.iterdir()) == ["model-card.md", "model.onnx", "weights.safetensors"]
    assert (out / "weights.safetensors").read_bytes() == path.read_bytes()
    card = (out / "model-card.md").read_text()
    assert card.startswith("# lions\n") and 'InferenceSession("model.onnx")' in card and "10 pictures" in card


def test_each_recipe_is_shown_with_all_that_it_sets() -> None:
    for recipe in RECIPES.values():
        code, output = type_in("recipes", recipe.name)
        changed = [name for name, field in TrainConfig.model_fields.items() if getattr(recipe.config, name) != field.default]
        assert code == 0 and recipe.title in output and all(f" {name} " in output for name in changed)
        words = " ".join(output.split())
        assert all(" ".join(text.split()) in words for text in (recipe.summary, recipe.expect, *recipe.notes))
    assert "There is no recipe bananas" in type_in("recipes", "bananas")[1]


def test_every_setting_is_listed_with_what_it_may_be() -> None:
    code, output = type_in("settings")
    assert code == 0 and all(f" {name} " in output for name in TrainConfig.model_fields)
    assert "16 to 512" in output and "adam, rmsprop" in output
    assert "batch_size" not in type_in("settings", "latent")[1]
    assert type_in("settings", "bananas")[0] == 1


def test_each_command_has_help_with_an_example() -> None:
    for command in ("train", "sample", "export", "recipes", "settings", "estimate"):
        code, output = type_in(command, "--help")
        assert code == 0 and f"python -m gan_core {command}" in output


def test_lists_and_help_need_no_torch() -> None:
    """Which takes seconds to import."""
    code = "import sys; sys.modules['torch'] = None; import runpy; sys.argv[1:] = {}; runpy.run_module('gan_core', run_name='__main__')"
    for arguments in (["recipes"], ["sample", "--help"]):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code.format(arguments)], check=True, env=environment, stdout=subprocess.DEVNULL)
