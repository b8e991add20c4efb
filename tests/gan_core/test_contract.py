"""Every architecture at every size, colour and conditioning: what the loop, the sampler and the portal rely on."""

from pathlib import Path

import pytest

from gan_core import architectures
from tests.gan_core import contract
from tests.gan_core.contract import Case

EVERY = pytest.mark.parametrize("name", architectures.names())
CASES = [case for name in architectures.names() for case in contract.cases(name)]
GRID = pytest.mark.parametrize("case", CASES, ids=str)
LABELLED = pytest.mark.parametrize("method", [method for method in contract.METHODS if method])


@GRID
def test_networks_give_pictures_and_judgements_with_finite_gradients(case: Case) -> None:
    contract.check_pictures_and_judgements(case)


@GRID
def test_one_step_changes_both_networks(case: Case) -> None:
    contract.check_a_step(case)


@pytest.mark.parametrize("case", [case for case in CASES if max(case.size) <= 100], ids=str)
def test_the_exported_generator_draws_the_same(case: Case, tmp_path: Path) -> None:
    contract.check_reload(case, tmp_path / "weights.safetensors")


@EVERY
def test_a_picture_is_the_same_alone_and_in_a_batch(name: str) -> None:
    for case in contract.cases(name):
        if case.method == "projection":
            contract.check_pictures_alone(case)


@EVERY
def test_a_resumed_run_goes_on_bit_for_bit(name: str) -> None:
    contract.check_resume(Case(name, (33, 17), method="projection"))


@EVERY
@pytest.mark.parametrize("penalty", ["gradient", "r1-r2"])
def test_the_slope_of_the_judgement_has_a_gradient(name: str, penalty: str) -> None:
    contract.check_a_step(Case(name, (33, 17), method="projection"), penalty=penalty, discriminator_batch_norm=False)


@EVERY
def test_a_step_in_half_precision(name: str) -> None:
    contract.check_a_step(Case(name, (33, 17), method="projection"), precision="bf16")


@EVERY
def test_a_step_of_a_very_long_picture(name: str) -> None:
    largest = architectures.describe(name).max_size
    contract.check_a_step(Case(name, (16, largest)))


@EVERY
def test_noise_changes_the_picture(name: str) -> None:
    contract.check_noise(Case(name, (32, 32)))


@pytest.mark.parametrize("name", [name for name in architectures.names() if hasattr(architectures.load(name).Generator, "style")])
def test_the_style_draws_the_picture(name: str) -> None:
    contract.check_style(Case(name, (33, 17), method="projection"))


@EVERY
@LABELLED
def test_the_class_changes_picture_and_judgement(name: str, method: str) -> None:
    contract.check_classes(Case(name, method=method))


@EVERY
def test_latents_speak_louder_than_classes_at_first(name: str) -> None:
    contract.check_variety(Case(name, (32, 32), method="projection"))


@EVERY
def test_widths_make_the_networks_larger(name: str) -> None:
    contract.check_widths(Case(name))


@EVERY
@pytest.mark.parametrize("setting", sorted(architectures.OPTIONAL))
def test_settings_are_those_that_are_declared(name: str, setting: str) -> None:
    contract.check_setting(Case(name), setting)


@EVERY
def test_a_description_is_there(name: str) -> None:
    contract.check_description(name)


@EVERY
def test_onnx_draws_the_same(name: str, tmp_path: Path) -> None:
    contract.check_onnx(Case(name, (17, 16), method="projection"), tmp_path / "generator.onnx")
