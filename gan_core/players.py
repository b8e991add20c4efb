"""The two networks of a run with their optimisers and the generator's running mean: one training step, and its state as tensors."""

import torch
from torch import Tensor, nn

from gan_core import architectures, checkpoint, seeds, targets
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.ema import RunningMean
from gan_core.objectives import OBJECTIVES
from gan_core.penalties import clip_weights
from gan_core.precision import choose_precision
from gan_core.sampling import draw_latents


class Players:
    """Generator and discriminator, built from the run's seed: the same first weights on every device."""

    def __init__(self, config: TrainConfig, channels: int, classes: int, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.precision = choose_precision(config.precision, device)
        self.objective = OBJECTIVES[config.objective]
        architecture = architectures.load(config.architecture)
        torch.manual_seed(seeds.derive(config.seed, seeds.Purpose.WEIGHTS))
        classes = classes if config.conditional else 0
        self.generator: nn.Module = architecture.Generator(config, channels, classes).to(device, memory_format=torch.channels_last)
        self.discriminator: nn.Module = architecture.Discriminator(config, channels, classes).to(device, memory_format=torch.channels_last)
        self.mean = RunningMean(self.generator, config.ema)
        self.generator_optimizer = _optimizer(config, self.generator, config.generator_learning_rate)
        self.discriminator_optimizer = _optimizer(config, self.discriminator, config.discriminator_learning_rate)

    def step(self, number: int, batches: Batches) -> tuple[Tensor, Tensor]:
        """Generator step `number` (from 1) after the discriminator steps that belong to it. All its randomness derives from the number.

        Returns the losses of discriminator (mean of its steps) and generator, as scalars on the device.
        """
        torch.manual_seed(seeds.derive(self.config.seed, seeds.Purpose.STEP, number))
        steps = self.config.discriminator_steps
        total = torch.zeros((), device=self.device)
        for index in range(steps):
            real, labels = batches.take((number - 1) * steps + index)
            # the last fakes serve the generator's step too, so only their graph is kept
            with torch.set_grad_enabled(index == steps - 1), self.precision.autocast():
                fake = self.generator(draw_latents(self.config, len(real), self.device), labels)
            total += self._train_discriminator(real, fake.detach(), labels)
        loss = self._train_generator(fake, labels)
        self.mean.update(number)
        return total / steps, loss

    def _train_discriminator(self, real: Tensor, fake: Tensor, labels: Tensor | None) -> Tensor:
        with self.precision.autocast():
            # real and fake apart: each batch is normalised by its own statistics
            on_real, on_fake = self.discriminator(real, labels), self.discriminator(fake, labels)
        loss = self.objective.discriminator_loss(on_real.float(), on_fake.float(), targets.draw(self.config, len(real), self.device))
        self._descend(self.discriminator_optimizer, loss)
        if self.config.penalty == "clip":
            clip_weights(self.discriminator, self.config.clip_value, kernels_only=self.config.clip_kernels_only)
        return loss.detach()

    def _train_generator(self, fake: Tensor, labels: Tensor | None) -> Tensor:
        self.discriminator.requires_grad_(False)  # saves its weights' gradients, about a tenth of the step
        with self.precision.autocast():
            on_fake = self.discriminator(fake, labels)
        loss = self.objective.generator_loss(on_fake.float(), targets.draw(self.config, len(fake), self.device))
        self._descend(self.generator_optimizer, loss)
        self.discriminator.requires_grad_(True)
        return loss.detach()

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.precision.scaler.scale(loss))
        self.precision.scaler.step(optimizer)
        self.precision.scaler.update()

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name."""
        return {
            **checkpoint.prefixed("generator", self.generator.state_dict()),
            **checkpoint.prefixed("discriminator", self.discriminator.state_dict()),
            **checkpoint.prefixed("mean", self.mean.network.state_dict()),
            **checkpoint.prefixed("generator_optimizer", checkpoint.optimizer_state(self.generator_optimizer)),
            **checkpoint.prefixed("discriminator_optimizer", checkpoint.optimizer_state(self.discriminator_optimizer)),
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `state` took.

        Raises:
            RuntimeError: the tensors belong to other networks.
        """
        self.generator.load_state_dict(checkpoint.under(tensors, "generator"))
        self.discriminator.load_state_dict(checkpoint.under(tensors, "discriminator"))
        self.mean.network.load_state_dict(checkpoint.under(tensors, "mean"))
        checkpoint.restore_optimizer(self.generator_optimizer, checkpoint.under(tensors, "generator_optimizer"))
        checkpoint.restore_optimizer(self.discriminator_optimizer, checkpoint.under(tensors, "discriminator_optimizer"))


def _optimizer(config: TrainConfig, network: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr=learning_rate, alpha=config.beta2)
    return torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(config.beta1, config.beta2), fused=True)
