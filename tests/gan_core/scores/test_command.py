"""python -m gan_core score."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core.commands import console
from gan_core.commands.score import _drawn, _show
from gan_core.config import TrainConfig
from gan_core.events import Scores
from gan_core.sampling import load, render, seeded_inputs
from gan_core.scores import Reference, compare, load_extractor
from tests.gan_core.conftest import Prepare
from tests.gan_core.scores.conftest import CPU
from tests.gan_core.test_command_line_use import type_in, weights


def value(output: str, name: str) -> str:
    return next(line for line in output.splitlines() if f" {name} " in line).split("│")[2].strip()


def test_a_generator_is_scored_by_what_it_draws(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", channels=1)
    code, output = type_in("score", path, digits, "--samples", 20, "--seed", 4)
    assert code == 0, output
    generator = load(path)
    extractor = load_extractor(CPU)
    reference = Reference.of(prepared(digits, generator.config), extractor, generator.config.background)
    expected = compare(reference, extractor(generator.generate(20, 4)), step=0, seconds=0, seed=4)
    assert value(output, "FD") == f"{expected.fd:.4g}" and value(output, "Precision") == f"{expected.precision:.1%}"
    assert "20 drawn and 100 real pictures, seen by EfficientNet-Lite0 at 128 px; seed 4." in output
    assert "Not comparable with published FID" in output


def test_classes_are_drawn_as_often_as_they_are_among_the_pictures(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    generator = load(weights(tmp_path / "w.safetensors", tuple("0123456789"), channels=1))
    images = prepared(digits, TrainConfig(steps=1, width=16, height=16))
    few = replace(images, images=images.images[:30], labels=np.repeat([0, 1, 2], [15, 10, 5]))
    expected = seeded_inputs(generator.config, 300, 0, torch.tensor([0, 1, 2]).repeat_interleave(torch.tensor([150, 100, 50])))
    drawn = np.concatenate(list(_drawn(generator, few, 300, 0)))
    assert np.array_equal(drawn, render(generator.network, generator.config, expected, CPU))
    strangers = np.concatenate(list(_drawn(generator, replace(few, class_names=("cat", "dog", "cow")), 300, 0)))
    assert strangers.shape == drawn.shape and not np.array_equal(strangers, drawn)


def test_two_archives_are_compared(dozen: Path, sprites: Path) -> None:
    same, other = type_in("score", dozen, dozen), type_in("score", sprites, dozen, "--samples", 9)
    assert same[0] == other[0] == 0, same[1] + other[1]
    assert value(same[1], "Copies") == "100.0%" and "12 drawn and 12 real pictures" in same[1]
    assert "9 drawn and 12 real pictures" in other[1] and float(value(other[1], "FD")) > float(value(same[1], "FD")) + 10


def test_what_is_missing_is_told(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "inception.pth").write_text("no weights")
    for name in ("nothing.safetensors", "nothing.zip"):
        code, output = type_in("score", tmp_path / name, digits)
        assert code == 1 and f"There is no file {name}." in output
    code, output = type_in("score", weights(tmp_path / "w.safetensors"), digits, "--inception", tmp_path / "inception.pth")
    assert code == 1 and "inception.pth does not hold the weights" in output


def test_help_has_an_example() -> None:
    code, output = type_in("score", "--help")
    assert code == 0 and "python -m gan_core score weights.safetensors" in output


@pytest.mark.parametrize(("extractor", "first", "caution"), [("Inception", "FID", False), ("EfficientNet-Lite0 at 128 px", "FD", True)])
def test_only_inception_gives_a_fid(extractor: str, first: str, caution: bool) -> None:
    with console.capture() as captured:
        _show(Scores(0, 0.0, extractor, 10, 20, 0, 1.5, 0.01, 0.001, 0.5, 0.5, 0.5, 0.5, 2.5, 0.0))
    output = captured.get()
    assert value(output, first) == "1.5" and ("Not comparable" in output) == caution
