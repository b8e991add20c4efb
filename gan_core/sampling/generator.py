"""Generators read from a file."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageColor
from pydantic import ValidationError
from torch import Tensor, nn

from gan_core import architectures, checkpoint
from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable, ConfigMismatch
from gan_core.export import WeightsMeta
from gan_core.sampling.drawing import Truncation, has_styles, mean_styles, render
from gan_core.sampling.inputs import inputs_between, seeded_inputs
from gan_core.sheet import as_picture

Pictures = npt.NDArray[np.uint8]


class LoadedGenerator:
    """A trained generator, ready to draw."""

    def __init__(self, network: nn.Module, config: TrainConfig, meta: WeightsMeta, device: torch.device) -> None:
        self.network = network
        self.config = config
        self.meta = meta
        self.channels = meta.channels
        self.class_names = meta.class_names
        self.step = meta.step
        self.device = device

    def generate(self, count: int, seed: int, label: int | str | None = None, truncation: float = 1.0) -> Pictures:
        """Draw `count` pictures, (count, H, W, C) uint8; the same seed always gives the same ones.

        Args:
            label: a class by index or name, for a generator that learnt classes; None takes all classes in turn.
            truncation: below 1 for less variety, and pictures more like the usual one (`gan_core.sampling.Truncation`).

        Raises:
            ConfigMismatch: there is no such class, or the generator knows none.
        """
        labels = None
        if label is not None:
            labels = torch.full((count,), self.class_index(label))
        elif self.config.conditional:
            labels = torch.arange(count) % len(self.class_names)
        return render(self.network, self.config, seeded_inputs(self.config, count, seed, labels), self.device, self._truncation(truncation))

    def interpolate(self, seeds: Sequence[int], frames: int, label: int | str | None = None, truncation: float = 1.0) -> Pictures:
        """Draw `frames` pictures, (frames, H, W, C) uint8, evenly along the way from the first picture of the first seed to that of the last.

        All are of one class: the first, if `label` is None. What a generator takes as noise stays the same all the way.

        Raises:
            ConfigMismatch: fewer than two seeds or frames; no such class.
        """
        if len(seeds) < 2 or frames < 2:
            raise ConfigMismatch("A way between pictures needs at least two seeds and two frames.")
        index = self.class_index(label) if label is not None else 0 if self.config.conditional else None
        inputs = inputs_between(self.config, seeds, frames, index)
        return render(self.network, self.config, inputs, self.device, self._truncation(truncation))

    def class_index(self, label: int | str) -> int:
        """Index of a class given by index or name.

        Raises:
            ConfigMismatch: there is no such class, or the generator knows none.
        """
        if not self.config.conditional:
            raise ConfigMismatch("This generator did not learn classes, so none can be asked for.")
        if label in self.class_names:
            return self.class_names.index(str(label))
        if isinstance(label, int) and 0 <= label < len(self.class_names):
            return label
        raise ConfigMismatch(f"There is no class {label}. Choose one of: {', '.join(self.class_names)}.")

    def _truncation(self, strength: float) -> Truncation | None:
        return None if strength == 1 else Truncation(strength, self._mean_styles)

    @cached_property
    def _mean_styles(self) -> Tensor | None:
        if not has_styles(self.network):
            return None
        return mean_styles(self.network, self.config, len(self.class_names) if self.config.conditional else 0, self.device)

    @property
    def restored_size(self) -> tuple[int, int]:
        """(width, height) of pictures with the proportions of the originals; they differ from those drawn if these were stretched."""
        width, height = self.config.width, self.config.height
        if self.config.fit != "stretch" or not (self.meta.original_width and self.meta.original_height):
            return width, height
        ratio = self.meta.original_width / self.meta.original_height
        return max(width, round(height * ratio)), max(height, round(width / ratio))

    def restored(self, images: Pictures) -> Pictures:
        """Pictures (N, H, W, C) with the proportions that the originals had before they were stretched; neither side gets smaller."""
        size = self.restored_size
        if size == (self.config.width, self.config.height):
            return images
        resized = np.stack([_resized(image, size) for image in images])
        if self.channels == 4:  # resizing leaves black below what nobody sees
            resized[resized[..., 3] == 0, :3] = ImageColor.getrgb(self.config.background)[:3]
        return resized


def _resized(image: Pictures, size: tuple[int, int]) -> Pictures:
    """(H, W, C) at (width, height). Pillow multiplies RGBA by its alpha before, so that invisible colours do not bleed."""
    return np.asarray(as_picture(image).resize(size, Image.Resampling.LANCZOS)).reshape(size[1], size[0], -1)


def load(weights: Path, device: str = "cpu") -> LoadedGenerator:
    """Read a generator that `gan_core.export.save_weights` wrote.

    Raises:
        CheckpointUnusable: the file is missing, damaged, or something else.
    """
    tensors, metadata = checkpoint.read(weights)
    values = {key: checkpoint.decode(metadata, key, weights) for key in ("config", "class_names", "step", "channels", "image_count")}
    original = (json.loads(metadata.get(f"original_{side}", "0")) for side in ("width", "height"))  # older files have none
    meta = WeightsMeta(values["channels"], tuple(values["class_names"]), values["step"], values["image_count"], *original)
    try:
        config = TrainConfig.model_validate(values["config"])
        network: nn.Module = architectures.load(config.architecture).Generator(
            config, meta.channels, len(meta.class_names) if config.conditional else 0
        )
        network.load_state_dict(tensors)
    except (ValidationError, RuntimeError) as error:
        raise CheckpointUnusable(f"{weights.name} does not hold the generator that its own description promises.") from error
    place = torch.device(device)
    return LoadedGenerator(network.to(place).eval(), config, meta, place)
