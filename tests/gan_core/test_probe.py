"""Which way a product is computed: chosen by time, once, and for the whole run."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core import probe
from gan_core.checkpoint import read
from gan_core.config import TrainConfig
from gan_core.convolution import Conv2d
from gan_core.events import Checkpoint
from gan_core.images.store import ImageStore
from gan_core.train import train

CPU_IN_BF16 = torch.autocast("cpu", dtype=torch.bfloat16)


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been chosen yet."""
    monkeypatch.setattr(probe, "_by_gemm", {})


def convolved(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """In bf16 by a layer that halves maps of 8 pixels, and in fp32 by torch."""
    layer = Conv2d(64, 128, 4, 2, 1)
    maps = torch.randn(count, 64, 8, 8).contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), CPU_IN_BF16:
        found = layer(maps)
    return found, torch.conv2d(maps, layer.weight, layer.bias, 2, 1)


def test_a_product_is_timed_once_and_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gan_core.probe"):
        for _ in range(2):
            found, expected = convolved(count=128)
            assert found.dtype == torch.bfloat16
            assert torch.allclose(found.float(), expected, atol=0.03)
    assert len(probe._by_gemm) == 1
    (line,) = caplog.messages
    assert line.startswith("convolved of 128x64x4x4 on 128x64x8x8")


def test_what_takes_no_time_is_not_timed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gan_core.probe"):
        convolved(count=4)
    assert not probe._by_gemm and not caplog.messages


def test_fp32_is_left_to_torch() -> None:
    layer, maps = Conv2d(64, 128, 4, 2, 1), torch.randn(128, 64, 8, 8)
    assert torch.equal(layer(maps), torch.conv2d(maps, layer.weight, layer.bias, 2, 1))
    assert not probe._by_gemm


@pytest.mark.parametrize("seconds", [(0.0, 0.002), (0.002, 0.0)])
def test_the_faster_way_is_kept(seconds: tuple[float, float]) -> None:
    product = probe.Product("convolved", (1, 1, 4, 4), (1, 1, 3, 3), (1, 1), (1, 1), 1)

    def wait(duration: float) -> None:
        end = probe.time.perf_counter() + duration
        while probe.time.perf_counter() < end:
            pass

    onednn, gemm = seconds
    assert probe._gains(product, lambda: wait(onednn), lambda: wait(gemm)) == (gemm < onednn)


def test_choices_of_another_processor_are_forgotten() -> None:
    convolved(count=128)
    kept = json.loads(json.dumps(probe.state()))
    before = dict(probe._by_gemm)
    probe._by_gemm.clear()
    probe.restore({**kept, "processor": "another"})
    assert not probe._by_gemm
    probe.restore(kept)
    assert probe._by_gemm == before


def test_a_resumed_run_computes_as_before_whatever_is_faster_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, of which another way gives others."""
    size = {"width": 16, "height": 16, "batch_size": 128, "latent_size": 8}
    config = TrainConfig.model_validate({**size, "steps": 2, "precision": "bf16", "augmentation": "none", "score_samples": 0})
    images = ImageStore(np.random.default_rng(0).integers(0, 256, (128, 16, 16, 3), dtype=np.uint8), None, ())

    def trained(to: str, *, gemm: bool, steps: int = 2, resume: Path | None = None) -> Path:
        """Where a process in which that way is the faster one leaves its checkpoint."""
        monkeypatch.setattr(probe, "_gains", lambda *_: gemm)
        probe._by_gemm.clear()
        *_, end = train(config.model_copy(update={"steps": steps}), images, tmp_path / to, resume=resume, device="cpu")
        assert isinstance(end, Checkpoint)
        assert len(probe._by_gemm) == 3  # the products of the one inner layer, which has the same shape in both networks
        return end.path

    def equal(one: Path, other: Path) -> bool:
        left, right = read(one)[0], read(other)[0]
        return all(torch.equal(tensor, right[name]) for name, tensor in left.items())

    straight = trained("straight", gemm=True)
    resumed = trained("halves", gemm=False, resume=trained("halves", gemm=True, steps=1))
    assert equal(straight, resumed)
    assert not equal(straight, trained("otherwise", gemm=False))
