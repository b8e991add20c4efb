"""Generators from a file, their latents, and the statistics of their normalisation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core import architectures
from gan_core.config import TrainConfig
from gan_core.ema import RunningMean
from gan_core.errors import CheckpointUnusable, ConfigMismatch
from gan_core.export import WeightsMeta, save_weights
from gan_core.sampling import LoadedGenerator, Sheet, calibrate_generator, load, seeded_latents
from gan_core.sheet import compose

CPU = torch.device("cpu")
PLAIN = TrainConfig(steps=1, width=16, height=16, generator_width=4, batch_size=16)


def exported(path: Path, config: TrainConfig = PLAIN, names: tuple[str, ...] = ()) -> LoadedGenerator:
    torch.manual_seed(0)
    network = architectures.load(config.architecture).Generator(config, 3, len(names) if config.conditional else 0)
    save_weights(network, config, path, WeightsMeta(3, names, 7, 10))
    return load(path)


def test_a_seed_always_draws_the_same(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors")
    first = generator.generate(5, seed=3)
    assert first.shape == (5, 16, 16, 3) and first.dtype == np.uint8
    assert np.array_equal(first, generator.generate(5, seed=3))
    assert not np.array_equal(first, generator.generate(5, seed=4))


def test_the_first_pictures_do_not_depend_on_how_many_are_drawn() -> None:
    for distribution in ("normal", "uniform"):
        config = PLAIN.model_copy(update={"latent_distribution": distribution})
        assert torch.equal(seeded_latents(config, 50, 1)[:7], seeded_latents(config, 7, 1))


def test_latents_follow_their_distribution() -> None:
    normal = seeded_latents(PLAIN, 500, 0)
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    uniform = seeded_latents(PLAIN.model_copy(update={"latent_distribution": "uniform"}), 500, 0)
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1 and abs(uniform.std() - 3**-0.5) < 0.02


def test_classes_can_be_asked_for_by_name_or_number(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", PLAIN.model_copy(update={"conditional": True}), ("cat", "dog"))
    dogs = generator.generate(2, seed=0, label="dog")
    assert np.array_equal(dogs, generator.generate(2, seed=0, label=1))
    assert not np.array_equal(dogs, generator.generate(2, seed=0, label="cat"))
    in_turn = generator.generate(2, seed=0)
    assert np.array_equal(in_turn[1], dogs[1]) and not np.array_equal(in_turn[0], dogs[0])
    for unknown in ("owl", 2, -1):
        with pytest.raises(ConfigMismatch, match="no class"):
            generator.generate(1, seed=0, label=unknown)


def test_a_generator_without_classes_refuses_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigMismatch, match="did not learn classes"):
        exported(tmp_path / "w.safetensors").generate(1, seed=0, label=0)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    exported(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointUnusable, match="damaged"):
        load(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointUnusable, match="not written by Ganvas"):
        load(tmp_path / "other.safetensors")


def test_a_picture_sent_as_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cat.safetensors").write_bytes(b"\x89PNG\r\n\x1a\n" * 50)
    with pytest.raises(CheckpointUnusable):
        load(tmp_path / "cat.safetensors")


def test_large_tiles_make_smaller_sheets() -> None:
    sides = {side: Sheet.of(PLAIN.model_copy(update={"width": side}), 0).columns for side in (16, 128, 200, 300)}
    assert sides == {16: 8, 128: 8, 200: 6, 300: 4}


def test_a_sheet_of_many_classes_is_spread_over_them() -> None:
    sheet = Sheet.of(PLAIN.model_copy(update={"conditional": True}), 120)
    assert sheet.labels is not None and sheet.rows == 16
    rows = sheet.labels.view(16, 8)
    assert (rows == rows[:, :1]).all() and rows[0, 0] == 0 and rows[-1, 0] > 100
    assert torch.equal(sheet.latents[:8], sheet.latents[8:16])


def test_a_sheet_is_read_row_by_row() -> None:
    tiles = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    picture = compose(tiles, 4)
    assert picture.shape == (4, 12, 1)
    assert picture[0, ::3, 0].tolist() == [0, 1, 2, 3] and picture[2, ::3, 0].tolist() == [4, 5, 0, 0]


def test_calibrated_statistics_are_those_of_the_weights() -> None:
    """In evaluation a calibrated generator draws as it does in training: as contrasty, not grey."""
    torch.manual_seed(0)
    network = architectures.load("dcgan").Generator(PLAIN, 3).requires_grad_(False)
    for parameter in network.parameters():
        parameter.mul_(3)
    latents = torch.randn(256, 100)
    trained = network.train()(latents)
    calibrate_generator(network, PLAIN, 0, CPU)
    drawn = network(latents)
    assert not network.training
    assert abs(drawn.std() / trained.std() - 1) < 0.05
    assert (drawn - trained).abs().mean() < 0.1 * trained.abs().mean()


def test_calibrating_twice_changes_nothing() -> None:
    network = architectures.load("dcgan").Generator(PLAIN, 3)
    calibrate_generator(network, PLAIN, 0, CPU)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    calibrate_generator(network, PLAIN, 0, CPU)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_running_mean_follows_its_formula() -> None:
    source = torch.nn.Linear(1, 1, bias=False)
    source.weight.data.fill_(0.0)
    mean = RunningMean(source, 0.9)
    source.weight.data.fill_(1.0)
    expected = 0.0
    for step in range(1, 200):
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        mean.update(step)
        assert abs(mean.network.weight.item() - expected) < 1e-5


def test_decay_zero_is_the_generator_itself() -> None:
    source = torch.nn.Linear(3, 3)
    mean = RunningMean(source, 0.0)
    source.weight.data.normal_()
    mean.update(1)
    assert torch.equal(mean.network.weight, source.weight)
