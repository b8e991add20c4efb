"""Which number format a run gets, on this machine and on others."""

import pytest
import torch

from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.precision import choose_precision

CPU = torch.device("cpu")


def config(**values: object) -> TrainConfig:
    return TrainConfig.model_validate({"steps": 1, **values})


@pytest.fixture(params=[(False, False), (False, True), (True, True)], ids=["neither", "AVX-512", "AMX"])
def bf16(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A processor with those instructions; whether any of them multiplies bf16."""
    amx, avx512 = request.param
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    return amx or avx512


def test_auto_takes_bf16_where_the_processor_multiplies_it(bf16: bool) -> None:
    assert choose_precision(config(), CPU).name == ("bf16" if bf16 else "fp32")


@pytest.mark.usefixtures("bf16")
def test_auto_leaves_small_networks_in_fp32() -> None:
    small = config(width=16, height=16, batch_size=8, generator_width=8, discriminator_width=8)
    assert choose_precision(small, CPU).name == "fp32"


@pytest.mark.usefixtures("bf16")
@pytest.mark.parametrize("wanted", ["fp32", "bf16"])
def test_what_is_asked_for_is_taken(wanted: str) -> None:
    precision = choose_precision(config(precision=wanted), CPU)
    assert precision.name == wanted
    with precision.autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == {"fp32": torch.float32, "bf16": torch.bfloat16}[wanted]


def test_half_precision_needs_a_gpu() -> None:
    with pytest.raises(ConfigMismatch, match="needs a GPU"):
        choose_precision(config(precision="fp16"), CPU)


@pytest.mark.parametrize(
    ("wanted", "generation", "name", "dtype"),
    [
        ("auto", (7, 5), "fp32", None),
        ("auto", (8, 0), "bf16", torch.bfloat16),
        ("auto", (9, 0), "bf16", torch.bfloat16),
        ("fp16", (7, 5), "fp16", torch.float16),
        ("fp32", (9, 0), "fp32", None),
    ],
)
def test_on_a_gpu_its_generation_decides(
    wanted: str, generation: tuple[int, int], name: str, dtype: torch.dtype | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: generation)
    matrices, scalers = list[str](), list[bool]()
    monkeypatch.setattr(torch, "set_float32_matmul_precision", matrices.append)
    monkeypatch.setattr(torch.amp, "GradScaler", lambda device, enabled: scalers.append(enabled))
    for switch in ("benchmark", "allow_tf32"):
        monkeypatch.setattr(torch.backends.cudnn, switch, False)
    small = config(precision=wanted, width=16, height=16, batch_size=2)
    chosen = choose_precision(small, torch.device("cuda"))
    assert (chosen.name, chosen.dtype, scalers, matrices) == (name, dtype, [name == "fp16"], ["high"])
    assert torch.backends.cudnn.benchmark and torch.backends.cudnn.allow_tf32


def test_networks_are_placed_as_pictures_lie() -> None:
    network = torch.nn.Conv2d(4, 8, 3)
    choose_precision(config(), CPU).place(network)
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
