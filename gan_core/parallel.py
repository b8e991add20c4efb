"""One run by several processes, each with its share of every batch (data parallel training), as `torchrun` starts them.

All hold the same weights all the time. Each draws the random numbers of the whole batch and keeps those of its own pictures (`whole`, `mine`);
gradients are averaged over the processes, and batch normalisation takes its statistics over all of them. So they learn what one process
would learn from the whole batch. Only what networks draw inside themselves, as dropout does, is drawn for each share anew.

The first process leads: it decides, draws, records and keeps. The others follow its word (`gan_core.follow`). In a run of one process
everything here changes nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed import Store  # type: ignore[attr-defined]  # documented, and not in its list
from torch.nn.modules.batchnorm import _BatchNorm

from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch

PATIENCE = timedelta(hours=6)
"""How long one process waits for another. Long, since all wait while the first one scores; the end of a process is noticed at once."""
Places = TypeVar("Places", Tensor, npt.NDArray[np.int64])


class Word(IntEnum):
    """What the first process tells the others between two steps."""

    STEP = 0
    BACK = 1
    """Training fell apart: go back to a checkpoint."""
    END = 2


def size() -> int:
    """Processes of this run."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """The number of this one, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def leads() -> bool:
    return rank() == 0


@contextmanager
def together(store: Store | None = None) -> Iterator[None]:
    """While this lasts, be one of the processes of a run, if it has several: as the variables of `torchrun` tell.

    Args:
        store: where the processes find each other, if it is not at MASTER_ADDR and MASTER_PORT.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, store=store, rank=int(os.environ["RANK"]), world_size=count, timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def local_device() -> torch.device:
    """The GPU of this process on its machine."""
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def check(config: TrainConfig) -> None:
    """Raises ConfigMismatch if batches cannot be shared out evenly, or shares are too small for normalisation."""
    if config.batch_size % size() or (size() > 1 and config.batch_size < 2 * size()):
        raise ConfigMismatch(
            f"A batch of {config.batch_size} pictures cannot be shared out among {size()} processes. Take a multiple of {2 * size()}."
        )


def most_processes(batch_size: int, available: int) -> int:
    """How many processes, of so many, can share batches of that size evenly."""
    return next(count for count in range(available, 0, -1) if count == 1 or batch_size % count == 0 and batch_size >= 2 * count)


def whole(count: int) -> int:
    """Pictures in all processes together, if each has so many."""
    return count * size()


def mine(drawn: Places) -> Places:
    """Of what was drawn for the whole batch, (whole(N), ...), that of the pictures of this process: (N, ...), every `size()`-th.

    So pictures that are compared with their neighbours in equal distances, as by the minibatch standard deviation, are so in any number of processes.
    """
    return drawn[rank() :: size()] if size() > 1 else drawn


def mine_of_first(count: int) -> int:
    """How many of the first `count` pictures of the whole batch this process has; they are its first ones."""
    return max(0, -(-(count - rank()) // size()))


@torch.no_grad()
def mean(values: Tensor) -> Tensor:
    """Over all processes, on all of them."""
    if size() > 1:
        values = values.clone()
        dist.all_reduce(values)
        values /= size()
    return values


@torch.no_grad()
def share_gradients(network: nn.Module) -> None:
    """Give every weight the mean of its gradients in all processes."""
    if size() == 1:
        return
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    flat = mean(torch.cat([gradient.flatten() for gradient in gradients]))
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    torch._foreach_copy_(gradients, [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)])


def join_norms(network: nn.Module) -> None:
    """Have the batch normalisation of a network take its statistics over all processes. Its parameters stay the same objects."""
    if size() == 1:
        return
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, _JointNorm.of(child))


def tell(word: Word) -> None:
    """The first process tells all others what comes next."""
    if size() > 1:
        dist.broadcast(torch.tensor(int(word)), src=0)


def hear() -> Word:
    """What the first process tells; waits for it."""
    said = torch.zeros((), dtype=torch.int64)
    dist.broadcast(said, src=0)
    return Word(int(said))


def hand_round(thing: Any = None) -> Any:
    """What the first process gives, in every process."""
    if size() == 1:
        return thing
    things = [thing]
    dist.broadcast_object_list(things, src=0)
    return things[0]


class _Mean(torch.autograd.Function):
    """The mean over all processes; its gradient is that of the processes' mean loss, and can be differentiated in turn."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return mean(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        shared: Tensor = _Mean.apply(gradient.contiguous())
        return shared


class _JointNorm(_BatchNorm):
    """Batch normalisation over the pictures of all processes, in a form that second derivatives go through."""

    @classmethod
    def of(cls, norm: _BatchNorm) -> "_JointNorm":
        joint = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        joint.weight, joint.bias = norm.weight, norm.bias
        joint.running_mean, joint.running_var, joint.num_batches_tracked = norm.running_mean, norm.running_var, norm.num_batches_tracked
        return joint.train(norm.training)

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        numbers = input.to(torch.promote_types(input.dtype, torch.float32))  # (N, C) or (N, C, h, w)
        places = [0, *range(2, numbers.dim())]
        shape = [1, -1, *[1] * (numbers.dim() - 2)]
        middle: Tensor = _Mean.apply(numbers.mean(places))  # (C,)
        centred = numbers - middle.view(shape)
        spread: Tensor = _Mean.apply(centred.square().mean(places))
        self._remember(middle.detach(), spread.detach(), whole(numbers.numel() // numbers.shape[1]))
        normed = centred * (spread + self.eps).rsqrt().view(shape)
        if self.affine:
            normed = torch.addcmul(self.bias.view(shape), normed, self.weight.view(shape))
        return normed.to(input.dtype)

    @torch.no_grad()
    def _remember(self, middle: Tensor, spread: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            return
        self.running_mean.lerp_(middle, self.momentum)
        self.running_var.lerp_(spread * (count / (count - 1)), self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
