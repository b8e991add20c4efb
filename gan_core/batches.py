"""Batches: an endless, seeded stream of the prepared pictures in random order. Batch k is the same whenever it is asked for."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_core import parallel
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.images.store import ImageStore
from gan_core.order import Balanced, Order, Shuffled

GREY_STEP = 2 / 256
"""One step of brightness on the scale from -1 to 1."""
ON_DEVICE_SHARE = 0.25
"""The pictures are kept in the GPU's memory if they take at most this share of what is free."""


class Batches:
    """Gathers batches of `config.batch_size` pictures. A batch may exceed the dataset; it then holds pictures more than once.

    Raises:
        ConfigMismatch: size, colours or labels of the pictures are not what the configuration asks for.
    """

    def __init__(self, config: TrainConfig, images: ImageStore, device: torch.device) -> None:
        _check(config, images)
        self.config = config
        self.device = device
        self.labels = images.labels if config.conditional else None
        classed = images.labels if config.conditional or config.class_balanced else None
        usable = np.arange(len(images)) if classed is None else np.flatnonzero(classed >= 0)
        self.count = len(usable)
        self.order: Order = Balanced(classed, config.seed) if config.class_balanced and classed is not None else Shuffled(usable, config.seed)
        self.images = images.images
        self.on_device: Tensor | None = None
        if device.type == "cuda" and images.images.nbytes <= ON_DEVICE_SHARE * torch.cuda.mem_get_info(device)[0]:
            self.on_device = torch.from_numpy(np.array(images.images)).to(device)
        self.gatherer: ThreadPoolExecutor | None = None
        """Gathers the next batch while a GPU computes. On a processor it would only take time from the step, of which it is a thousandth."""
        if device.type == "cuda" and self.on_device is None:
            self.gatherer = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Tensor]] | None = None

    def __len__(self) -> int:
        """Pictures in one pass. With balanced classes so many are shown in its time, those of small classes more than once."""
        return self.count

    def indices(self, number: int) -> npt.NDArray[np.int64]:
        """Which pictures batch `number` holds: the next `batch_size` of the endless sequence, or this process's share of them."""
        return parallel.mine(self.order.stretch(number * self.config.batch_size, (number + 1) * self.config.batch_size))

    def take(self, number: int) -> tuple[Tensor, Tensor | None]:
        """Batch `number`: pictures (N, C, H, W) float32 in -1..1 in channels_last order, and labels (N,) int64 if the run learns classes.

        Mirroring and dequantising draw from the global random state.
        """
        pixels = self._pixels(number)  # (N, H, W, C) uint8
        if self.config.mirror:
            # the order is random already, so mirroring the first few is mirroring a random few
            mirrored = int(torch.bernoulli(torch.full((self.config.batch_size,), 0.5)).sum())
            mirrored = parallel.mine_of_first(mirrored)
            pixels[:mirrored] = pixels[:mirrored].flip(2)
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        if self.config.dequantise:
            drawn = torch.rand(self.config.batch_size, *pixels.shape[1:], device=self.device)
            images.add_(parallel.mine(drawn).permute(0, 3, 1, 2), alpha=GREY_STEP)
        labels = None if self.labels is None else torch.from_numpy(self.labels[self.indices(number)]).to(self.device, non_blocking=True)
        return images, labels

    def _pixels(self, number: int) -> Tensor:
        if self.on_device is not None:
            return self.on_device[torch.from_numpy(self.indices(number)).to(self.device, non_blocking=True)]
        if self.gatherer is None:
            return self._gather(number)
        gathered = self._next[1].result() if self._next and self._next[0] == number else self._gather(number)
        self._next = number + 1, self.gatherer.submit(self._gather, number + 1)
        return gathered.to(self.device, non_blocking=True)

    def _gather(self, number: int) -> Tensor:
        """In memory that a GPU can read by itself, if there is one."""
        pixels = torch.from_numpy(self.images[self.indices(number)])
        return pixels.pin_memory() if self.device.type == "cuda" else pixels


def _check(config: TrainConfig, images: ImageStore) -> None:
    count, height, width, channels = images.images.shape
    if (width, height) != (config.width, config.height):
        raise ConfigMismatch(f"The pictures were prepared for {width} x {height} pixels, and the run asks for {config.width} x {config.height}.")
    if config.channels != "auto" and {"grey": 1, "rgb": 3, "rgba": 4}[config.channels] != channels:
        raise ConfigMismatch(f"The pictures were prepared with {channels} channels, which is not {config.channels}.")
    if not count:
        raise ConfigMismatch("There are no pictures to learn from.")
    if config.conditional and (images.labels is None or len(images.class_names) < 2):
        raise ConfigMismatch("These pictures have no classes to learn. Put each class into a folder of its own, or untick “Learn the classes”.")
    if config.class_balanced and (images.labels is None or len(images.class_names) < 2):
        raise ConfigMismatch(
            "These pictures have no classes to balance. Put each class into a folder of its own, or untick “Show all classes equally often”."
        )
    if (config.conditional or config.class_balanced) and images.labels is not None and not (images.labels >= 0).any():
        raise ConfigMismatch("None of these pictures belongs to a class.")
