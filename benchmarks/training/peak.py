"""What a large matrix product reaches on this machine, in each number format: what training is measured against.

python -m benchmarks.training.peak
"""

import json
import time

import torch

SIDE = 2048
TIMES = 6
FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def measure(format: torch.dtype, side: int, times: int) -> float:
    """Floating-point operations a second of the quickest of some products."""
    left, right = (torch.randn(side, side).to(format) for _ in range(2))
    result = left @ right
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        torch.mm(left, right, out=result)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def main() -> None:
    print(json.dumps({name: measure(format, SIDE, TIMES) for name, format in FORMATS.items()}))


if __name__ == "__main__":
    main()
