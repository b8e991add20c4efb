"""The machine that is measured, and how many of its cores."""

import importlib.metadata
import os
from pathlib import Path
from typing import Any

import torch

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


def threads(wanted: int | None) -> dict[str, str]:
    """Variables that give every command so many threads; none leaves each to itself."""
    return {} if wanted is None else dict.fromkeys(VARIABLES, str(wanted))


def describe() -> dict[str, Any]:
    described = dict(line.partition(":")[::2] for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    named = {name.strip(): value.strip() for name, value in described.items()}
    return {
        "processor": named.get("model name", "unknown processor"),
        "cores": os.cpu_count(),
        "amx": torch.cpu._is_amx_tile_supported(),
        "avx512_bf16": torch.cpu._is_avx512_bf16_supported(),
        "torch": importlib.metadata.version("torch"),
        "load": round(os.getloadavg()[0], 1),
    }
