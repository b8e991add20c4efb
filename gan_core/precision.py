"""Devices, number formats and memory layout: where the networks run, in which precision their products are computed, and in which order maps lie.

The one place that knows kinds of hardware. On GPUs: bf16 from Ampere on, fp32 by TF32 elsewhere. On processors: bf16 where they multiply it (AMX, or
AVX-512 with BF16), unless the networks are so small that converting numbers costs more than it saves.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gan_core import parallel
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch

WORTH_CONVERTING = 2**18
"""Numbers in the largest maps of a batch from which on bf16 is faster on a processor; measured in docs/performance.md."""


def choose_device(wanted: str) -> torch.device:
    """The device of that name; "auto" takes the GPU if there is one.

    Raises:
        ConfigMismatch: it does not exist here.
    """
    if wanted == "auto":
        return parallel.local_device() if torch.cuda.is_available() else torch.device("cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigMismatch(f"The device {wanted} is not available on this machine.") from error
    return device


def device_name(device: torch.device) -> str:
    """What a person would call it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{device.type.upper()}, {threads} thread{'' if threads == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Precision:
    """Number format of the matrix products; weights, losses and optimisers stay in fp32."""

    name: str
    device: torch.device
    dtype: torch.dtype | None
    """None for fp32 throughout."""
    scaler: torch.amp.GradScaler
    """Keeps fp16 gradients above zero; passes everything through in the other formats."""

    def autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.dtype is None else torch.autocast(self.device.type, dtype=self.dtype)

    def place(self, network: nn.Module) -> None:
        """Bring a network to the device, its kernels in channels_last order, as batches of pictures are; every format is faster so."""
        network.to(self.device).to(memory_format=torch.channels_last)


def choose_precision(config: TrainConfig, device: torch.device) -> Precision:
    """The format asked for; "auto" takes bf16 where it is faster, fp32 elsewhere.

    Raises:
        ConfigMismatch: fp16 on a processor.
    """
    wanted = config.precision
    if wanted == "fp16" and device.type != "cuda":
        raise ConfigMismatch("fp16 needs a GPU, and this run is on a processor. Choose the precision auto.")
    if wanted == "auto":
        wanted = "bf16" if _fast_bf16(config, device) else "fp32"
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # the shapes of a run never change
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in fp32
        torch.backends.cudnn.allow_tf32 = True
    dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[wanted]
    return Precision(wanted, device, dtype, torch.amp.GradScaler(device.type, enabled=wanted == "fp16"))


def _fast_bf16(config: TrainConfig, device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # Ampere and later; older ones only emulate it
    largest = config.batch_size * config.width * config.height * min(config.generator_width, config.discriminator_width)
    return device.type == "cpu" and largest >= WORTH_CONVERTING and _multiplies_bf16()


def _multiplies_bf16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
