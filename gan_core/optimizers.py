"""Optimisers of the networks, in the form in which each is fastest."""

from inspect import unwrap

import torch
from torch import nn
from torch.optim import Optimizer

from gan_core.config import TrainConfig


class _Uncompiled:
    """torch keeps its compiler away from these methods, and from `step`, by a wrapper that loads the compiler when first called. As nothing is
    compiled here, every run would pay a second and 150 MB for that."""

    add_param_group = unwrap(Optimizer.add_param_group)
    zero_grad = unwrap(Optimizer.zero_grad)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)


class Adam(_Uncompiled, torch.optim.Adam):
    """As torch's."""

    step = torch.no_grad()(unwrap(torch.optim.Adam.step))


class RMSprop(_Uncompiled, torch.optim.RMSprop):
    """As torch's."""

    step = torch.no_grad()(unwrap(torch.optim.RMSprop.step))


def build_optimizer(config: TrainConfig, network: nn.Module, learning_rate: float) -> Optimizer:
    """The configuration's, for all of a network's weights."""
    if config.optimizer == "rmsprop":
        return RMSprop(network.parameters(), lr=learning_rate, alpha=config.beta2)
    return Adam(network.parameters(), lr=learning_rate, betas=(config.beta1, config.beta2), fused=True)
