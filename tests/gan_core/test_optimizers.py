"""Optimisers do what torch's do, without loading its compiler."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from gan_core.config import TrainConfig
from gan_core.optimizers import build_optimizer

SETTINGS = {"adam": {"fused": True, "betas": (0.5, 0.9)}, "rmsprop": {"alpha": 0.9}}


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("rmsprop", torch.optim.RMSprop)])
def test_they_step_as_torchs_do_and_exchange_states(name: str, kind: type[torch.optim.Optimizer]) -> None:
    config = TrainConfig(steps=1, optimizer=name, beta1=0.5, beta2=0.9)
    ours, theirs = nn.Linear(3, 4), nn.Linear(3, 4)
    theirs.load_state_dict(ours.state_dict())
    pair = (ours, build_optimizer(config, ours, 0.01)), (theirs, kind(theirs.parameters(), lr=0.01, **SETTINGS[name]))
    for step in range(4):
        if step == 2:
            states = [copy.deepcopy(optimizer.state_dict()) for _, optimizer in pair]
            for (_, optimizer), state in zip(pair, reversed(states), strict=True):
                optimizer.load_state_dict(state)
        for network, optimizer in pair:
            optimizer.zero_grad(set_to_none=True)
            network(torch.arange(6.0).view(2, 3)).square().sum().backward()
            optimizer.step()
    assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)
    assert not ours.weight.grad_fn and torch.is_grad_enabled()


def test_a_run_never_loads_the_compiler() -> None:
    program = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from gan_core.train import train
from tests.gan_core.test_train import noise, tiny
with TemporaryDirectory() as directory:
    for name in ("adam", "rmsprop"):
        *_, last = train(tiny(steps=2, optimizer=name), noise(), Path(directory), device="cpu")
print(type(last).__name__, "torch._dynamo" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert told.split() == ["Checkpoint", "False"]
