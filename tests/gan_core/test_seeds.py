"""Random numbers that derive from a seed."""

import torch

from gan_core import seeds


def test_sowing_gives_the_numbers_that_torch_gives_for_the_seed() -> None:
    drawn = []
    for sow in (lambda: seeds.sow(2**62 + 3, torch.device("cpu")), lambda: torch.manual_seed(2**62 + 3)):
        sow()
        drawn.append(torch.cat([torch.rand(5), torch.randn(33), torch.rand(1)]))
    assert torch.equal(*drawn)
