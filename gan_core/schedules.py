"""What changes along a run: learning rates, Adam's beta 2, the penalty's weight. All from the step's number, so nothing needs to be remembered."""

import math

import torch

from gan_core.config import TrainConfig


def along(config: TrainConfig, step: int, total_steps: int) -> float:
    """How far the schedule has come at `step` (from 1): 0 at the start and throughout with a constant schedule, 1 at its end and after."""
    if config.schedule == "constant":
        return 0.0
    share = min(1.0, (step - 1) / max(1.0, config.schedule_share * total_steps))
    return share if config.schedule == "linear" else (1 - math.cos(math.pi * share)) / 2


def between(start: float, end: float, along: float) -> float:
    return start + (end - start) * along


def set_rates(optimizer: torch.optim.Optimizer, config: TrainConfig, rate: float, along: float) -> None:
    """Give an optimiser the learning rate and beta 2 of this moment. `rate`: the learning rate at the start."""
    for group in optimizer.param_groups:
        group["lr"] = rate * between(1.0, config.learning_rate_end, along)
        if config.beta2_end is not None and "betas" in group:
            group["betas"] = (group["betas"][0], between(config.beta2, config.beta2_end, along))
