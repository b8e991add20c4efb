"""Generators from a file, their latents, and the statistics of their normalisation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core import architectures, checkpoint
from gan_core.config import TrainConfig
from gan_core.ema import RunningMean
from gan_core.errors import CheckpointUnusable, ConfigMismatch
from gan_core.export import WeightsMeta, save_weights
from gan_core.sampling import LoadedGenerator, Sheet, calibrate_generator, draw_inputs, draw_latents, load, render, seeded_inputs, seeded_latents
from gan_core.sampling.inputs import inputs_between
from gan_core.sheet import compose

CPU = torch.device("cpu")
PLAIN = TrainConfig(steps=1, width=16, height=16, generator_width=4, batch_size=16)


DISTRIBUTIONS = ("normal", "uniform", "spherical")
NOISY = TrainConfig(steps=1, width=16, height=16, architecture="stylegan2", generator_width=4, latent_size=8)


def like(config: TrainConfig, **changes: object) -> TrainConfig:
    return TrainConfig.model_validate({**config.model_dump(), **changes})


def exported(
    path: Path, config: TrainConfig = PLAIN, names: tuple[str, ...] = (), *, channels: int = 3, original: tuple[int, int] = (0, 0)
) -> LoadedGenerator:
    torch.manual_seed(0)
    network = architectures.load(config.architecture).Generator(config, channels, len(names) if config.conditional else 0)
    for name, parameter in network.named_parameters():
        if name.endswith("strength"):  # of noise, which is none at first
            parameter.data.fill_(0.5)
    save_weights(network, config, path, WeightsMeta(channels, names, 7, 10, *original))
    return load(path)


def test_a_seed_always_draws_the_same(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors")
    first = generator.generate(5, seed=3)
    assert first.shape == (5, 16, 16, 3) and first.dtype == np.uint8
    assert np.array_equal(first, generator.generate(5, seed=3))
    assert not np.array_equal(first, generator.generate(5, seed=4))


def test_the_first_pictures_do_not_depend_on_how_many_are_drawn() -> None:
    for distribution in DISTRIBUTIONS:
        config = like(PLAIN, latent_distribution=distribution)
        many, few = seeded_inputs(config, 50, 1), seeded_inputs(config, 7, 1)
        assert torch.equal(many.latents[:7], few.latents) and many.noise_seeds[:7] == few.noise_seeds
        assert len(set(many.noise_seeds)) == 50


def test_latents_follow_their_distribution() -> None:
    normal = seeded_latents(PLAIN, 500, 0)
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    uniform = seeded_latents(PLAIN.model_copy(update={"latent_distribution": "uniform"}), 500, 0)
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1 and abs(uniform.std() - 3**-0.5) < 0.02


def test_spherical_latents_have_one_length_and_every_direction() -> None:
    config = like(PLAIN, latent_distribution="spherical", latent_size=9)
    for latents in (seeded_latents(config, 4000, 0), draw_latents(config, 4000, CPU)):
        assert torch.allclose(latents.norm(dim=1), torch.tensor(3.0))
        assert latents.mean(dim=0).abs().max() < 0.06 and (latents.std(dim=0) - 1).abs().max() < 0.06


def test_training_draws_noise_for_who_takes_it() -> None:
    plain, noisy = (architectures.load(config.architecture).Generator(config, 3) for config in (PLAIN, NOISY))
    assert len(draw_inputs(plain, PLAIN, None, 3, CPU)) == 2
    latents, labels, noise = draw_inputs(noisy, NOISY, None, 3, CPU)
    assert latents is not None and latents.shape == (3, 8) and labels is None
    assert noise is not None and noise.shape == (3, noisy.noise_size) and abs(noise.std() - 1) < 0.2
    assert not torch.equal(noise[0], noise[1])
    assert noisy(latents, labels, noise).shape == (3, 3, 16, 16)


def test_noise_belongs_to_the_seed(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", NOISY)
    first = generator.generate(5, seed=3)
    assert np.array_equal(first, generator.generate(5, seed=3))
    assert np.array_equal(first[:2], generator.generate(2, seed=3))
    still = generator.network(seeded_latents(NOISY, 5, 3))
    assert np.abs(first - render(generator.network, NOISY, seeded_inputs(NOISY, 5, 4), CPU).astype(float)).max() > 0
    assert not np.array_equal(first, still.detach().add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("config", [PLAIN, NOISY], ids=["scaled latents", "styles"])
def test_truncation_goes_from_one_picture_to_all(config: TrainConfig, tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", config)
    generator.network.requires_grad_(False)
    for name, parameter in generator.network.named_parameters():
        parameter.mul_(0.0 if name.endswith("strength") else 3.0)
    whole = generator.generate(6, seed=1)
    assert np.array_equal(whole, generator.generate(6, seed=1, truncation=1.0))
    variety = [np.abs(np.diff(generator.generate(6, seed=1, truncation=share).astype(float), axis=0)).mean() for share in (0.0, 0.4, 0.8, 1.0)]
    assert variety[0] == 0 and variety == sorted(variety) and variety[1] < variety[3]


def test_truncated_styles_approach_the_mean_of_their_class(tmp_path: Path) -> None:
    config = like(NOISY, conditional=True)
    generator = exported(tmp_path / "w.safetensors", config, ("cat", "dog"))
    network = generator.network
    with torch.no_grad():
        many = seeded_latents(config, 3000, 9)
        mean = network.style(many, torch.ones(3000, dtype=torch.long)).mean(dim=0, keepdim=True)
        noise = seeded_inputs(config, 1, 5).part(0, 1, network.noise_size, CPU)[2]
        expected = network.draw(mean, noise).add(1).mul(127.5).permute(0, 2, 3, 1).numpy()
    dog, cat, other = (generator.generate(1, 5, label, truncation) for label, truncation in (("dog", 0.0), ("cat", 0.0), ("dog", 1.0)))
    assert np.abs(dog - expected).mean() < 4
    assert np.abs(cat - expected).mean() > 8 and np.abs(other - expected).mean() > 12


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


def test_a_way_begins_and_ends_at_its_seeds(tmp_path: Path) -> None:
    for distribution in DISTRIBUTIONS:
        generator = exported(tmp_path / "w.safetensors", like(PLAIN, latent_distribution=distribution))
        way = generator.interpolate([3, 8, 5], frames=9)
        assert way.shape == (9, 16, 16, 3)
        for frame, seed in ((0, 3), (4, 8), (8, 5)):
            assert np.abs(way[frame] - generator.generate(1, seed)[0].astype(float)).max() <= 1
        assert (np.abs(np.diff(way.astype(float), axis=0)).max(axis=(1, 2, 3)) > 0).all()


def test_normal_latents_turn_and_uniform_ones_go_straight() -> None:
    """Seen from the middle, even steps of a turn are even angles; the length changes evenly as well, if at all."""
    latents = inputs_between(like(PLAIN, latent_distribution="spherical"), [1, 2], 7).latents
    assert torch.allclose(latents.norm(dim=1), torch.tensor(10.0), atol=1e-4)
    angles = torch.nn.functional.cosine_similarity(latents[1:], latents[:-1], dim=1).arccos()
    assert torch.allclose(angles, angles[0].expand(6), atol=1e-3)
    normal = inputs_between(PLAIN, [1, 2], 7).latents
    assert normal.norm(dim=1).min() > 0.95 * normal[[0, 6]].norm(dim=1).min()  # a straight way would pass at 0.7
    straight = inputs_between(like(PLAIN, latent_distribution="uniform"), [1, 2], 7).latents
    assert torch.allclose(straight.diff(dim=0), (straight[6] - straight[0]) / 6, atol=1e-6)


def test_a_way_to_the_same_place_stays_there() -> None:
    for distribution in DISTRIBUTIONS:
        latents = inputs_between(like(PLAIN, latent_distribution=distribution), [4, 4], 5).latents
        assert torch.allclose(latents, latents[0].expand(5, -1), atol=1e-5)


def test_noise_and_class_stay_the_same_along_the_way(tmp_path: Path) -> None:
    config = like(NOISY, conditional=True)
    inputs = inputs_between(config, [1, 2, 3], 6, label=1)
    assert inputs.labels is not None and inputs.labels.tolist() == [1] * 6 and len(set(inputs.noise_seeds)) == 1
    generator = exported(tmp_path / "w.safetensors", config, ("cat", "dog"))
    dogs = generator.interpolate([1, 2], 3, "dog")
    assert np.array_equal(dogs[0], generator.generate(1, 1, "dog")[0])
    assert np.array_equal(generator.interpolate([1, 2], 3), generator.interpolate([1, 2], 3, "cat"))


@pytest.mark.parametrize(("ends", "frames"), [([1], 5), ([], 5), ([1, 2], 1)])
def test_a_way_needs_two_ends(ends: list[int], frames: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigMismatch, match="at least two"):
        exported(tmp_path / "w.safetensors").interpolate(ends, frames)


@pytest.mark.parametrize(
    ("original", "size"), [((400, 200), (32, 16)), ((200, 400), (16, 32)), ((300, 200), (24, 16)), ((50, 50), (16, 16)), ((0, 0), (16, 16))]
)
def test_stretched_pictures_get_their_proportions_back(original: tuple[int, int], size: tuple[int, int], tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", like(PLAIN, fit="stretch"), original=original)
    images = generator.generate(2, 0)
    restored = generator.restored(images)
    assert restored.shape == (2, size[1], size[0], 3) and restored.dtype == np.uint8
    assert np.abs(restored.mean(axis=(1, 2)) - images.mean(axis=(1, 2))).max() < 2


def test_pictures_that_were_not_stretched_stay_as_they_are(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", like(PLAIN, fit="crop"), original=(400, 200))
    images = generator.generate(2, 0)
    assert generator.restored(images) is images


def test_restoring_lets_no_invisible_colour_bleed(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", like(PLAIN, fit="stretch", background="#00ff00"), channels=4, original=(400, 200))
    images = np.zeros((1, 16, 16, 4), np.uint8)
    images[..., 1] = 255  # the background's green, invisible
    images[:, 4:12, 4:12] = (200, 0, 0, 255)
    restored = generator.restored(images)[0]
    visible = restored[..., 3] > 8
    assert (restored[visible][:, 1] < 8).all() and visible.sum() >= 8 * 16
    assert (restored[restored[..., 3] == 0][:, :3] == (0, 255, 0)).all() and (restored[..., 3] == 0).any()


def test_grey_pictures_are_restored_too(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", like(PLAIN, fit="stretch"), channels=1, original=(400, 200))
    images = generator.generate(2, 0)
    expected = Image.fromarray(images[0, ..., 0]).resize((32, 16), Image.Resampling.LANCZOS)
    assert np.array_equal(generator.restored(images)[0, ..., 0], np.asarray(expected))


def test_weights_that_know_nothing_of_the_originals_still_load(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    exported(path)
    tensors, metadata = checkpoint.read(path)
    checkpoint.write(path, tensors, {key: value for key, value in metadata.items() if not key.startswith("original")})
    assert load(path).meta == WeightsMeta(3, (), 7, 10)


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


def test_a_sheet_names_the_class_of_each_row() -> None:
    config = like(PLAIN, conditional=True)
    assert Sheet.of(PLAIN, 0).row_labels == ()
    assert Sheet.of(config, 3).row_labels == (0, 1, 2)
    many = Sheet.of(config, 120)
    assert many.labels is not None and many.row_labels == tuple(many.labels[::8].tolist())


def test_a_class_can_have_a_sheet_of_its_own() -> None:
    sheet = Sheet.of_class(like(PLAIN, conditional=True), 5)
    assert (sheet.columns, sheet.rows) == (8, 8) and sheet.row_labels == (5,) * 8
    assert sheet.labels is not None and sheet.labels.tolist() == [5] * 64
    assert len(torch.unique(sheet.latents, dim=0)) == 64 and len(set(sheet.noise_seeds)) == 64


def test_a_tile_keeps_its_noise_from_sheet_to_sheet(tmp_path: Path) -> None:
    generator = exported(tmp_path / "w.safetensors", NOISY)
    first = render(generator.network, NOISY, Sheet.of(NOISY, 0), CPU)
    torch.manual_seed(77)
    assert np.array_equal(first, render(generator.network, NOISY, Sheet.of(NOISY, 0), CPU))
    assert len(set(Sheet.of(NOISY, 0).noise_seeds)) == 64
    rows = np.array(Sheet.of(like(NOISY, conditional=True), 4).noise_seeds).reshape(4, 8)
    assert (rows == rows[0]).all()  # so that below each other only the class differs


def test_portions_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = exported(tmp_path / "w.safetensors", like(NOISY, conditional=True), ("cat", "dog"))
    whole = generator.generate(7, 0, truncation=0.5)
    monkeypatch.setattr("gan_core.sampling.drawing.PIXELS_AT_ONCE", 3 * 16 * 16)
    assert np.abs(whole - generator.generate(7, 0, truncation=0.5).astype(float)).max() <= 1


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
