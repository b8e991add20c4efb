"""A network of gan_core in its plain form: fp32, PyTorch's own convolutions and the shortest loop that trains it, all pictures in memory.

python -m benchmarks.training.plain_loop FOLDER --out OUT --steps 40 --recipe style --set mirror=false [--channels-last]

The pictures must have the size that the configuration asks for. Like the other plain programs it leaves out augmentation, schedules and the
running mean. The last line that it prints is `steady IMAGES SECONDS`.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import softplus
from torchvision.utils import save_image

from gan_core import architectures, convolution
from gan_core.commands import chosen
from gan_core.config import TrainConfig
from gan_core.layers import Judgement
from gan_core.penalties import usual_weight
from gan_core.sampling.inputs import draw_inputs


def use_plain_convolutions() -> None:
    """Put PyTorch's convolutions in the place of ours, in every module of gan_core that has them."""
    ours = convolution.conv2d
    for module in [module for name, module in sys.modules.items() if name.startswith("gan_core")]:
        if getattr(module, "conv2d", None) is ours:
            module.conv2d = torch.nn.functional.conv2d  # type: ignore[attr-defined]
    convolution.Conv2d._conv_forward = nn.Conv2d._conv_forward  # type: ignore[method-assign]


def pictures(folder: Path) -> Tensor:
    """(N, C, H, W) uint8: all of a folder."""
    return torch.from_numpy(np.stack([np.atleast_3d(np.asarray(Image.open(path))) for path in sorted(folder.rglob("*.png"))])).permute(0, 3, 1, 2)


def slope(discriminator: nn.Module, images: Tensor) -> Tensor:
    """Half the mean squared slope of the discriminator at (N, C, H, W)."""
    images = images.detach().requires_grad_(True)
    (gradients,) = torch.autograd.grad(discriminator(images).logits.sum(), images, create_graph=True)
    return gradients.square().sum(dim=(1, 2, 3)).mean() / 2


class Pair:
    """Generator, discriminator, and a step that trains them."""

    def __init__(self, config: TrainConfig, images: Tensor, order: torch.memory_format) -> None:
        torch.manual_seed(config.seed)
        self.config, self.images, self.order = config, images, order
        family = architectures.load(config.architecture)
        self.generator, self.discriminator = (
            build(config, images.shape[1], 0).to(memory_format=order) for build in (family.Generator, family.Discriminator)
        )
        betas = (config.beta1, config.beta2)
        self.for_generator = torch.optim.Adam(self.generator.parameters(), lr=config.generator_learning_rate, betas=betas)
        self.for_discriminator = torch.optim.Adam(self.discriminator.parameters(), lr=config.discriminator_learning_rate, betas=betas)
        self.weight = usual_weight(config.penalty, config.width * config.height, config.batch_size) * config.penalty_interval

    def draw(self, count: int) -> Tensor:
        drawn: Tensor = self.generator(*draw_inputs(self.generator, self.config, None, count, torch.device("cpu")))
        return drawn

    def step(self, number: int) -> tuple[float, float]:
        """Step `number` from 0 with one batch: the discriminator, then the generator. Gives their losses."""
        chosen_ones = torch.randint(len(self.images), (self.config.batch_size,))
        real = (self.images[chosen_ones].float() / 127.5 - 1).to(memory_format=self.order)
        fake = self.draw(len(real))
        self.for_discriminator.zero_grad()
        loss = self._discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        total = loss
        if self.config.penalty in ("r1", "r1-r2") and number % self.config.penalty_interval == 0:
            total = total + self.weight * slope(self.discriminator, real)
            if self.config.penalty == "r1-r2":
                total = total + self.weight * slope(self.discriminator, fake)
        total.backward()
        self.for_discriminator.step()
        self.for_generator.zero_grad()
        loss_generator = self._generator_loss(real, self.discriminator(fake))
        loss_generator.backward()
        self.for_generator.step()
        return loss.item(), loss_generator.item()

    def _discriminator_loss(self, real: Judgement, fake: Judgement) -> Tensor:
        if self.config.objective == "relativistic":
            return softplus(fake.logits - real.logits).mean()
        return softplus(-real.logits).mean() + softplus(fake.logits).mean()

    def _generator_loss(self, real: Tensor, fake: Judgement) -> Tensor:
        if self.config.objective == "relativistic":
            return softplus(self.discriminator(real).logits.detach() - fake.logits).mean()
        return softplus(-fake.logits).mean()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--recipe")
    parser.add_argument("--set", action="append", dest="settings")
    parser.add_argument("--channels-last", action="store_true")
    asked = parser.parse_args()
    use_plain_convolutions()
    config = chosen(asked.recipe, asked.steps, None, asked.settings)
    if config.objective not in ("non-saturating", "relativistic") or config.penalty not in ("none", "r1", "r1-r2"):
        raise SystemExit("The plain loop knows neither this objective nor this penalty.")
    pair = Pair(config, pictures(asked.folder), torch.channels_last if asked.channels_last else torch.contiguous_format)
    for step in range(asked.steps):
        losses = pair.step(step)
        print(f"[{step}/{asked.steps}] {losses[0]:.4f} {losses[1]:.4f}", flush=True)
        finished = time.perf_counter()
        if step + 1 == asked.warm:
            warmed = finished
    asked.out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        save_image(pair.draw(64), asked.out / "samples.png", normalize=True)
    torch.save(pair.generator.state_dict(), asked.out / "generator.pt")
    torch.save(pair.discriminator.state_dict(), asked.out / "discriminator.pt")
    print("steady", (asked.steps - asked.warm) * config.batch_size, finished - warmed)


if __name__ == "__main__":
    main()
