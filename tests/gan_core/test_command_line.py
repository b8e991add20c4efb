"""The command line as somebody types it, in processes in which Django cannot be imported."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
ALONE = """
import importlib.abc, runpy, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "celery", "rest_framework", "portal", "worker"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
runpy.run_module("gan_core", run_name="__main__", alter_sys=True)
"""
SMALL = [f"--set={name}=4" for name in ("generator_width", "discriminator_width", "batch_size")] + ["--set=score_samples=0"]


def start(*arguments: object) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "GANVAS"))}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ALONE, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def type_in(*arguments: object) -> tuple[int, str]:
    """(exit code, what it printed)."""
    process = start(*arguments)
    output, _ = process.communicate(timeout=100)
    return process.returncode, output


@pytest.mark.timeout(300)  # several processes, each of which imports torch
def test_train_then_sample(sprites: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, output = type_in("train", sprites, "--recipe", "simpsons", "--steps", 3, "--out", out, *SMALL)
    assert code == 0, output
    assert "40 pictures, 0 skipped" in output and "Step 3" in output
    assert json.loads((out / "config.json").read_text())["steps"] == 3
    assert len((out / "losses.csv").read_text().splitlines()) == 4
    assert Image.open(out / "samples" / "00000003.png").size == (512, 512)
    assert "| Recipe | simpsons |" in (out / "model-card.md").read_text()

    grid = tmp_path / "grid.png"
    code, output = type_in("sample", out / "weights.safetensors", "--count", 10, "--columns", 5, "--out", grid)
    assert code == 0, output
    assert Image.open(grid).size == (5 * 64, 2 * 64)


@pytest.mark.timeout(300)  # several processes, each of which imports torch
def test_ctrl_c_checkpoints_and_resume_goes_on(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ("train", digits, "--recipe", "satellite", "--out", out, *SMALL)
    process = start(*command, "--steps", 1_000_000)
    losses, deadline = out / "losses.csv", time.monotonic() + 60
    while not losses.exists() or len(losses.read_text().splitlines()) < 3:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)  # between two looks at the file
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "--resume goes on" in output
    step = int(next(out.glob("checkpoint-*")).stem.split("-")[1])

    code, output = type_in(*command, "--steps", step + 2, "--resume")
    assert code == 0, output
    assert f"Going on from step {step}" in output
    steps = [int(line.split(",")[0]) for line in losses.read_text().splitlines()[1:]]
    assert steps == sorted(set(steps)) and steps[-1] == step + 2


@pytest.mark.timeout(300)  # several processes, each of which imports torch
def test_an_estimate_tells_time_and_memory_and_keeps_nothing(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code, output = type_in("estimate", digits, "--steps", 1000, "--set", "width=16", "--set", "height=16", *SMALL)
    assert code == 0, output
    rows = dict(re.findall(r"│ (\w[\w ]*?) +│ (.*?) +│", output))
    assert rows["Fits"] == "yes" and rows["Device"]
    used, available = map(float, re.findall(r"([\d.]+) GiB", rows["Memory"]))
    assert 0.05 < used < available
    rate, step = map(float, re.findall(r"[\d.]+(?:e-?\d+)?", rows["Speed"]))
    assert rate > 0 and 0 < step < 10 and abs(rate * step - 4) < 0.5
    assert not list(tmp_path.rglob("images.npy"))


def test_an_estimate_refuses_what_training_would(digits: Path) -> None:
    code, output = type_in("estimate", digits, "--steps", 5, "--set", "precision=fp16", *SMALL)
    assert code == 1 and "fp16 needs a GPU" in output and "Traceback" not in output


def test_recipes_are_listed(tmp_path: Path) -> None:
    code, output = type_in("recipes")
    assert code == 0
    assert all(name in output for name in ("simpsons", "pokemon", "dogs", "portraits", "satellite-wgan"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--recipe", "bananas"], "There is no recipe bananas"),
        (["--steps", "5", "--set", "width=7"], "width"),
        (["--steps", "5", "--set", "width"], "width=VALUE"),
        ([], "Set steps or epochs"),
        (["--steps", "5", "--set", "channels=rgb", "--set", "precision=fp16"], "fp16 needs a GPU"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: list[str], sentence: str, digits: Path, tmp_path: Path) -> None:
    code, output = type_in("train", digits, "--out", tmp_path / "run", *arguments)
    assert code != 0 and sentence in output and "Traceback" not in output


def test_a_folder_that_holds_a_run_is_not_overwritten(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "losses.csv").write_text("step,seconds,discriminator,generator\n")
    code, output = type_in("train", digits, "--out", tmp_path, "--recipe", "satellite", "--steps", 1, *SMALL)
    assert code == 1 and "holds a run already" in output


def test_an_archive_without_pictures_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    code, output = type_in("train", tmp_path / "notes.txt", "--out", tmp_path / "run", "--recipe", "satellite")
    assert code == 1 and "Traceback" not in output
