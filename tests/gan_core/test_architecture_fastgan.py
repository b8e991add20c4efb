"""FastGAN is that of its paper."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from gan_core.architectures.fastgan import Discriminator, Generator, gated
from gan_core.config import TrainConfig
from tests.gan_core.contract import Case, check_onnx


def built(side: int, **values: object) -> TrainConfig:
    return TrainConfig.model_validate({"steps": 1, "architecture": "fastgan", "width": side, "height": side, "latent_size": 8, **values})


def test_the_generator_has_the_widths_of_the_paper() -> None:
    generator = Generator(built(256, generator_width=32), 3)
    kept = [layer.in_channels for layer in generator.modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)]
    assert generator.base == (2 * 1024, 4, 4)
    # those of 8, 32 and 128 pixels have two convolutions
    assert kept == [1024, 512, 512, 256, 128, 128, 128, 64, 64, 32]
    assert generator.noise_size == 2 * (8 * 8 + 32 * 32 + 128 * 128)


def test_small_maps_steer_those_sixteen_times_their_size() -> None:
    generator = Generator(built(256, generator_width=32), 3)
    ends = [(each.layers[1].in_channels, each.layers[1].out_channels) for each in generator.excitations]
    assert ends == [(1024, 128), (512, 64), (256, 32)]  # 4 to 64, 8 to 128, 16 to 256 pixels
    assert [len(Generator(built(side, generator_width=4), 3).excitations) for side in (32, 64, 128, 512)] == [0, 1, 2, 4]


def test_an_excitation_is_a_factor_for_each_channel() -> None:
    generator = Generator(built(64, generator_width=4), 3).eval()
    factors = generator.excitations[0](torch.randn(2, 32, 4, 4))
    assert factors.shape == (2, 4, 1, 1)
    assert factors.min() > 0 and factors.max() < 1


def test_steered_maps_of_odd_sizes_survive_onnx(tmp_path: Path) -> None:
    case = Case("fastgan", (65, 16), method="projection")
    assert len(case.players().generator.excitations) == 1
    check_onnx(case, tmp_path / "generator.onnx")


def test_gates_halve_the_channels() -> None:
    assert gated(3)(torch.randn(4, 6, 5, 5)).shape == (4, 3, 5, 5)


def test_the_discriminator_judges_25_places_of_the_large_and_of_the_small_picture() -> None:
    discriminator = Discriminator(built(256, discriminator_width=16), 3)
    assert [block.direct[0].out_channels for block in discriminator.blocks] == [32, 64, 128, 256, 512]
    small = [layer.out_channels for layer in discriminator.judge_small.modules() if isinstance(layer, nn.Conv2d)]
    assert small == [32, 64, 128, 256, 1]
    assert discriminator.eval()(torch.rand(2, 3, 256, 256)).logits.shape == (2, 50)


def test_it_redraws_with_the_widths_of_the_paper() -> None:
    memory = Discriminator(built(256, discriminator_width=16), 3).memory
    for decoder, features in ((memory.whole, 512), (memory.quarter, 256)):
        kept = [layer.in_channels for layer in decoder.modules() if isinstance(layer, nn.Conv2d)]
        assert kept == [features, 256, 128, 64, 64]


def test_it_redraws_half_the_picture_and_a_quarter_at_full_size() -> None:
    discriminator = Discriminator(built(64, discriminator_width=4), 3)
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    reconstruct = discriminator(images).reconstruct
    assert reconstruct is not None
    seen = set()
    for _ in range(40):
        whole, quarter = reconstruct()
        assert torch.allclose(whole[1], nn.functional.avg_pool2d(images, 2), atol=1e-6)
        corners = {(top, left): images[:, :, top : top + 32, left : left + 32] for top in (0, 32) for left in (0, 32)}
        seen |= {corner for corner, pixels in corners.items() if torch.equal(quarter[1], pixels)}
    assert len(seen) == 4


def test_the_corner_that_is_redrawn_is_the_one_that_was_kept() -> None:
    images = (torch.rand(1, 3, 64, 64) * 2 - 1).requires_grad_()
    judgement = Discriminator(built(64, discriminator_width=4), 3)(images)
    for _ in range(4):
        (gradient,) = torch.autograd.grad(((pair := judgement.reconstruct()[1])[0]).square().sum(), images, retain_graph=True)
        corners = {(top, left): (..., slice(top, top + 32), slice(left, left + 32)) for top in (0, 32) for left in (0, 32)}
        (kept,) = (corner for corner, part in corners.items() if torch.equal(pair[1], images[part]))
        assert kept == max(corners, key=lambda corner: gradient[corners[corner]].abs().sum())


@pytest.mark.parametrize("method", ["concatenation", "projection"])
def test_only_the_picture_is_redrawn(method: str) -> None:
    case = Case("fastgan", method=method, channels=1)
    judgement = case.players().discriminator(torch.rand(4, 1, 16, 16), case.labels)
    assert [picture.shape[1] for pair in judgement.reconstruct() for picture in pair] == [1, 1, 1, 1]


def test_every_convolution_but_the_guess_is_spectrally_normalised() -> None:
    pair = Case("fastgan", (32, 32), method="projection").players()
    layers = [layer for network in (pair.generator, pair.discriminator) for layer in network.modules()]
    weighty = [layer for layer in layers if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert all(parametrize.is_parametrized(layer) for layer in weighty)
    assert parametrize.is_parametrized(pair.discriminator.verdict.embedding)


def test_drawing_leaves_the_spectral_norms_as_they_are() -> None:
    generator = Case("fastgan").players().generator.eval()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    generator(torch.randn(4, 8))
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())


def test_batch_normalisation_can_be_left_out_of_the_judgement() -> None:
    for batch_norm in (True, False):
        discriminator = Discriminator(built(32, discriminator_width=4, discriminator_batch_norm=batch_norm), 3)
        judging = nn.ModuleList([discriminator.stem, discriminator.blocks, discriminator.judge, discriminator.judge_small])
        assert any(isinstance(layer, nn.BatchNorm2d) for layer in judging.modules()) == batch_norm
