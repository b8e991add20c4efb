"""A run as a folder: what is recorded, and what is taken back."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.events import Losses, Note, Rewound, Samples
from gan_core.folder import RunFolder
from gan_core.images.survey import take_stock

CONFIG = TrainConfig(steps=9, width=16, height=16)


def sheet(step: int, label: int | None = None) -> Samples:
    return Samples(step, 0.0, np.zeros((4, 16, 16, 3), np.uint8), 2, 2, 0, label=label)


def recorded(path: Path) -> tuple[list[int], list[int]]:
    """(steps of the loss points, steps of the sheets)."""
    with (path / "losses.csv").open(newline="") as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    return steps, sorted(int(picture.stem) for picture in (path / "samples").iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """With loss points and sheets of steps 0 to 6."""
    folder = RunFolder(tmp_path)
    folder.start(CONFIG, resume=False)
    folder.record(sheet(0))
    for step in range(1, 7):
        folder.record(Losses(step, step / 2, 1.0, 2.0, step / 10))
        folder.record(sheet(step))
    return folder


def test_what_fell_apart_is_taken_back_and_comes_again(folder: RunFolder) -> None:
    folder.record(Rewound(3, "Going back."))
    assert recorded(folder.path) == ([1, 2, 3], [0, 1, 2, 3])
    folder.record(Losses(4, 9.0, 1.0, 2.0))
    assert recorded(folder.path)[0] == [1, 2, 3, 4]
    folder.record(Rewound(0, "To the start."))
    assert recorded(folder.path) == ([], [0])


def test_loss_points_keep_all_their_figures(folder: RunFolder) -> None:
    folder.record(Note(6, "nothing to keep"))
    folder.record(Rewound(2, "Going back."))
    folder.record(Losses(3, 1.5, 0.25, 0.5))
    with folder.losses.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["step", "seconds", "discriminator", "generator", "augmentation"],
        ["1", "0.5", "1.0", "2.0", "0.1"],
        ["2", "1.0", "1.0", "2.0", "0.2"],
        ["3", "1.5", "0.25", "0.5", ""],
    ]


def test_sheets_of_one_class_stay_out_of_the_series(folder: RunFolder) -> None:
    folder.record(sheet(5, label=1))
    folder.record(sheet(7, label=1))
    assert recorded(folder.path)[1] == list(range(7))


def test_a_run_from_before_the_last_column_goes_on(tmp_path: Path) -> None:
    (tmp_path / "losses.csv").write_text("step,seconds,discriminator,generator\n1,0.5,1.0,2.0\n2,1.0,1.0,2.0\n3,1.5,")
    (tmp_path / "checkpoint-00000002.safetensors").touch()
    folder = RunFolder(tmp_path)
    with pytest.raises(ConfigMismatch, match="holds a run already"):
        folder.start(CONFIG, resume=False)
    assert folder.start(CONFIG, resume=True) == tmp_path / "checkpoint-00000002.safetensors"
    folder.record(Losses(3, 2.0, 1.0, 2.0, 0.5))
    assert folder.losses.read_text().splitlines()[1:] == ["1,0.5,1.0,2.0,", "2,1.0,1.0,2.0,", "3,2.0,1.0,2.0,0.5"]


def test_a_picture_that_changed_its_class_is_prepared_anew(tmp_path: Path) -> None:
    source = tmp_path / "pictures"
    for name, value in (("cats/1.png", 10), ("dogs/2.png", 200), ("dogs/3.png", 90)):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 20), value).save(source / name)
    folder = RunFolder(tmp_path / "run")
    folder.start(CONFIG, resume=False)
    before = folder.prepare(source, take_stock(source), CONFIG)
    assert folder.prepare(source, take_stock(source), CONFIG).images.filename == before.images.filename
    (source / "dogs/2.png").rename(source / "cats/2.png")
    after = folder.prepare(source, take_stock(source), CONFIG)
    assert before.labels is not None and after.labels is not None
    assert (before.labels.tolist(), after.labels.tolist()) == ([0, 1, 1], [0, 0, 1])
