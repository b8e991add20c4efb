"""Drawing pictures: latents, the sheet that a run shows, and generators read from a file.

generator = load(Path("weights.safetensors"))
images = generator.generate(64, seed=0)  # (64, H, W, C) uint8
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from gan_core import architectures, checkpoint, seeds
from gan_core.config import TrainConfig
from gan_core.ema import calibrate
from gan_core.errors import CheckpointUnusable, ConfigMismatch

PIXELS_AT_ONCE = 64 * 128 * 128
"""Pictures are drawn in portions of at most this many pixels, so that any number of them fits into memory."""


def draw_latents(config: TrainConfig, count: int, device: torch.device) -> Tensor:
    """(count, latent_size) from the global random state."""
    if config.latent_distribution == "uniform":
        return torch.empty(count, config.latent_size, device=device).uniform_(-1, 1)
    return _shaped(config, torch.randn(count, config.latent_size, device=device))


def draw_inputs(network: nn.Module, config: TrainConfig, labels: Tensor | None, count: int, device: torch.device) -> tuple[Tensor | None, ...]:
    """What to call a generator with, from the global random state: latents, labels, and noise if it takes any."""
    latents, size = draw_latents(config, count, device), noise_size(network)
    return (latents, labels, torch.randn(count, size, device=device)) if size else (latents, labels)


def noise_size(network: nn.Module) -> int:
    """Plain random numbers that a generator needs for each picture besides its latent, (N, noise_size); 0 if it takes none."""
    return int(getattr(network, "noise_size", 0))


def seeded_latents(config: TrainConfig, count: int, seed: int) -> Tensor:
    """(count, latent_size) of a seed, the same on every device; the first ones do not depend on how many are drawn."""
    source = torch.Generator().manual_seed(seed)
    if config.latent_distribution == "uniform":
        return torch.stack([torch.rand(config.latent_size, generator=source) * 2 - 1 for _ in range(count)])
    return _shaped(config, torch.stack([torch.randn(config.latent_size, generator=source) for _ in range(count)]))


def _shaped(config: TrainConfig, latents: Tensor) -> Tensor:
    """Normal latents as they are, or each brought to the length sqrt(latent_size), which normal ones have on average."""
    if config.latent_distribution == "spherical":
        return latents / latents.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-8)
    return latents


def to_pixels(images: Tensor) -> npt.NDArray[np.uint8]:
    """(N, C, H, W) in -1..1 to (N, H, W, C) in 0..255."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


@torch.no_grad()
def render(network: nn.Module, config: TrainConfig, latents: Tensor, labels: Tensor | None, device: torch.device) -> npt.NDArray[np.uint8]:
    """Pictures of the latents, (N, H, W, C) uint8, in portions that fit into memory."""
    network.eval()
    portion = max(1, PIXELS_AT_ONCE // (config.width * config.height))
    parts = [
        to_pixels(network(latents[at : at + portion].to(device), None if labels is None else labels[at : at + portion].to(device)))
        for at in range(0, len(latents), portion)
    ]
    return np.concatenate(parts)


def calibrate_generator(network: nn.Module, config: TrainConfig, classes: int, device: torch.device) -> None:
    """Give a generator the normalisation statistics of its own weights (see `gan_core.ema`). Leaves the global random state seeded anew."""
    torch.manual_seed(seeds.derive(config.seed, seeds.Purpose.CALIBRATION))

    def generate(network: nn.Module, count: int) -> Tensor:
        labels = torch.randint(classes, (count,), device=device) if config.conditional else None
        images: Tensor = network(*draw_inputs(network, config, labels, count, device))
        return images

    calibrate(network, config.batch_size, generate)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The fixed latents (and classes) of a run's sample sheets. With classes each row is a class and each column a latent."""

    latents: Tensor
    labels: Tensor | None
    columns: int
    rows: int

    @classmethod
    def of(cls, config: TrainConfig, classes: int) -> "Sheet":
        side = max(config.width, config.height)
        columns = 8 if side <= 128 else 6 if side < 256 else 4
        if not config.conditional:
            return cls(seeded_latents(config, columns * columns, config.seed), None, columns, columns)
        rows = min(classes, 16 if side <= 128 else columns)
        shown = torch.arange(rows) * classes // rows  # spread over all classes if there are more than rows
        return cls(seeded_latents(config, columns, config.seed).repeat(rows, 1), shown.repeat_interleave(columns), columns, rows)


class LoadedGenerator:
    """A trained generator, ready to draw."""

    def __init__(self, network: nn.Module, config: TrainConfig, channels: int, class_names: Sequence[str], step: int, device: torch.device) -> None:
        self.network = network
        self.config = config
        self.channels = channels
        self.class_names = tuple(class_names)
        self.step = step
        self.device = device

    def generate(self, count: int, seed: int, label: int | str | None = None) -> npt.NDArray[np.uint8]:
        """Draw `count` pictures, (count, H, W, C) uint8; the same seed always gives the same ones.

        Args:
            label: a class by index or name, for a generator that learnt classes; None takes all classes in turn.

        Raises:
            ConfigMismatch: there is no such class, or the generator knows none.
        """
        labels = None
        if self.config.conditional:
            labels = torch.arange(count) % len(self.class_names) if label is None else torch.full((count,), self.class_index(label))
        elif label is not None:
            raise ConfigMismatch("This generator did not learn classes, so none can be asked for.")
        return render(self.network, self.config, seeded_latents(self.config, count, seed), labels, self.device)

    def class_index(self, label: int | str) -> int:
        """Index of a class given by index or name."""
        if label in self.class_names:
            return self.class_names.index(str(label))
        if isinstance(label, int) and 0 <= label < len(self.class_names):
            return label
        raise ConfigMismatch(f"There is no class {label}. Choose one of: {', '.join(self.class_names)}.")


def load(weights: Path, device: str = "cpu") -> LoadedGenerator:
    """Read a generator that `gan_core.export.save_weights` wrote.

    Raises:
        CheckpointUnusable: the file is missing, damaged, or something else.
    """
    tensors, metadata = checkpoint.read(weights)
    values = {key: checkpoint.decode(metadata, key, weights) for key in ("config", "class_names", "step", "channels")}
    try:
        config = TrainConfig.model_validate(values["config"])
        classes = len(values["class_names"]) if config.conditional else 0
        network: nn.Module = architectures.load(config.architecture).Generator(config, values["channels"], classes)
        network.load_state_dict(tensors)
    except (ValidationError, RuntimeError) as error:
        raise CheckpointUnusable(f"{weights.name} does not hold the generator that its own description promises.") from error
    place = torch.device(device)
    return LoadedGenerator(network.to(place).eval(), config, values["channels"], values["class_names"], values["step"], place)
