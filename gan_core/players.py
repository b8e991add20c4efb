"""The two networks of a run with their optimisers and the generator's running mean: one training step, and its state as tensors."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_core import architectures, checkpoint, objectives, parallel, schedules, seeds, targets
from gan_core.augment import Augmenter
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.ema import RunningMean
from gan_core.gauge import Gauge
from gan_core.layers import CLASS_CHANNELS, ConcatenatedClass, Judgement
from gan_core.objectives import OBJECTIVES
from gan_core.optimizers import build_optimizer
from gan_core.penalties import clip_weights, gradient_penalty, slope_penalty, usual_weight
from gan_core.precision import choose_precision
from gan_core.sampling import draw_inputs

Part = tuple[Tensor, Tensor | None]
"""Pictures (N, C, H, W) in -1..1, and their labels (N,) if there are classes."""


class Players:
    """Generator and discriminator, built from the run's seed: the same first weights on every device."""

    def __init__(self, config: TrainConfig, channels: int, classes: int, image_count: int, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.precision = choose_precision(config, device)
        self.objective = OBJECTIVES[config.objective]
        self.total_steps = config.total_steps(image_count)
        usual = usual_weight(config.penalty, config.width * config.height, config.batch_size)
        self.penalty_weight = usual if config.penalty_weight is None else config.penalty_weight
        seeds.sow(seeds.derive(config.seed, seeds.Purpose.WEIGHTS), device)
        classes = classes if config.conditional else 0
        self.generator: nn.Module = architectures.load(config.architecture).Generator(config, channels, classes)
        self.discriminator = build_discriminator(config, channels, classes)
        for network in (self.generator, self.discriminator):
            self.precision.place(network)
        self.mean = RunningMean(self.generator, config.ema)
        for network in (self.generator, self.discriminator):  # after the running mean was made, which the first process draws from alone
            parallel.join_norms(network)
        self.augmenter = Augmenter(config, image_count, self.total_steps, device)
        self.generator_optimizer = build_optimizer(config, self.generator, config.generator_learning_rate)
        self.discriminator_optimizer = build_optimizer(config, self.discriminator, config.discriminator_learning_rate)
        self.gauge = Gauge(device, inverted=config.invert_labels)
        self.parts = config.accumulate
        """Into how many a batch is divided; more of them need less memory."""
        self.rate_share = 1.0
        """Share of the configured learning rates that is used, lowered after training fell apart."""

    def step(self, number: int, batches: Batches) -> Tensor:
        """Generator step `number` (from 1) after the discriminator steps that belong to it. All its randomness derives from the number.

        Returns the adversarial losses of discriminator (mean of its steps) and generator, (2,) on the device.
        """
        seeds.sow(seeds.derive(self.config.seed, seeds.Purpose.STEP, number), self.device)
        self._set_rates(number)
        self.gauge.begin(number)
        first, end = (self.config.discriminator_steps_until(step) for step in (number - 1, number))
        total = torch.zeros((), device=self.device)
        fake: Tensor | None = None
        for index in range(first, end):
            parts = self._divided(*batches.take(index))
            # the last fakes serve the generator's step too, so only their graph is kept; of a batch in parts none, to save its memory
            loss, fake = self._train_discriminator(number, index, parts, keep=index == end - 1 and len(parts) == 1)
            total += loss
        loss = self._train_generator(number, parts, fake)
        self.mean.update(number)
        return parallel.mean(torch.stack([total / (end - first), loss]))

    def _set_rates(self, number: int) -> None:
        along = schedules.along(self.config, number, self.total_steps)
        schedules.set_rates(self.generator_optimizer, self.config, self.config.generator_learning_rate * self.rate_share, along)
        schedules.set_rates(self.discriminator_optimizer, self.config, self.config.discriminator_learning_rate * self.rate_share, along)

    def _divided(self, images: Tensor, labels: Tensor | None) -> list[Part]:
        if self.parts == 1:
            return [(images, labels)]
        divided = images.tensor_split(self.parts)
        return list(zip(divided, [None] * self.parts if labels is None else labels.tensor_split(self.parts), strict=True))

    def _generate(self, count: int, labels: Tensor | None, *, learning: bool) -> Tensor:
        with torch.set_grad_enabled(learning), self.precision.autocast():
            drawn = draw_inputs(self.generator, self.config, None, parallel.whole(count), self.device)
            latents, *noise = (parallel.mine(each) for each in drawn if each is not None)
            fake: Tensor = self.generator(latents, labels, *noise)
        return fake.float()

    def _judge(self, images: Tensor, labels: Tensor | None) -> Judgement:
        with self.precision.autocast():
            judgement: Judgement = self.discriminator(images, labels)
        return judgement._replace(logits=judgement.logits.float())

    def _train_discriminator(self, number: int, index: int, parts: list[Part], *, keep: bool) -> tuple[Tensor, Tensor | None]:
        """Discriminator step `index` (from 0) of the whole run. Gives its loss, and the fakes with their graph if they are to be kept."""
        count = sum(len(real) for real, _ in parts)
        total = torch.zeros((), device=self.device)
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        for real, labels in parts:
            fake = self._generate(len(real), labels, learning=keep)
            pair = self.augmenter(real, number), self.augmenter(fake.detach(), number)
            loss, others = self._discriminator_losses(number, index, *pair, labels)
            self._backward((loss + self.objective.scale * others) * (len(real) / count))
            total += loss.detach() * (len(real) / count)
        self._descend(self.discriminator_optimizer, self.discriminator)
        self.augmenter.adapt(parallel.whole(count))
        if self.config.penalty == "clip":
            clip_weights(self.discriminator, self.config.clip_value, kernels_only=self.config.clip_kernels_only)
        return total, fake if keep else None

    def _discriminator_losses(self, number: int, index: int, real: Tensor, fake: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """(the objective's loss, all others together) of one part."""
        # real and fake apart: each batch is normalised by its own statistics
        on_real, on_fake = self._judge(real, labels), self._judge(fake, labels)
        self.gauge.judged(on_real.logits, on_fake.logits)
        # where only differences count, a logit's sign alone says nothing
        self.augmenter.observe(on_real.logits - on_fake.logits if self.objective.compares else on_real.logits)
        wanted = targets.draw(self.config, on_real.logits.shape, self.device)
        others = torch.zeros((), device=self.device)
        if on_real.classes is not None and labels is not None:
            others = others + self.config.auxiliary_weight * objectives.auxiliary_loss(on_real.classes, labels)
            if self.config.auxiliary_on_fake and on_fake.classes is not None:
                others = others + self.config.auxiliary_weight * objectives.auxiliary_loss(on_fake.classes, labels)
        if on_real.reconstruct is not None:
            with self.precision.autocast():
                pairs = on_real.reconstruct()
            others = others + objectives.reconstruction_loss(pairs)
        if self.config.penalty in ("gradient", "r1", "r1-r2") and index % self.config.penalty_interval == 0:
            others = others + self._penalty(number, real, fake, labels)
        return self.objective.discriminator_loss(on_real.logits, on_fake.logits, wanted), others

    def _penalty(self, number: int, real: Tensor, fake: Tensor, labels: Tensor | None) -> Tensor:
        """The weighted penalty on the discriminator's slope."""

        def judge(images: Tensor) -> Tensor:
            return self._judge(images, labels).logits

        along = schedules.along(self.config, number, self.total_steps)
        weight = self.penalty_weight * self.config.penalty_interval * schedules.between(1.0, self.config.penalty_end, along)
        if self.config.penalty == "gradient":
            return weight * gradient_penalty(judge, real, fake)
        slope = slope_penalty(judge, real)
        return weight * (slope + slope_penalty(judge, fake) if self.config.penalty == "r1-r2" else slope)

    def _train_generator(self, number: int, parts: list[Part], kept: Tensor | None) -> Tensor:
        count = sum(len(real) for real, _ in parts)
        total = torch.zeros((), device=self.device)
        self.generator_optimizer.zero_grad(set_to_none=True)
        with _frozen(self.discriminator):  # saves its weights' gradients, about a tenth of the step
            for real, labels in parts:
                fake = self._generate(len(real), labels, learning=True) if kept is None else kept
                loss, others = self._generator_losses(number, real, fake, labels)
                self._backward((loss + others) * (len(real) / count))
                total += loss.detach() * (len(real) / count)
            self._descend(self.generator_optimizer, self.generator)
        return total

    def _generator_losses(self, number: int, real: Tensor, fake: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor | float]:
        """(the objective's loss, the guessed classes') of one part."""
        on_fake = self._judge(self.augmenter(fake, number), labels)
        on_real: Tensor | None = None
        if self.objective.compares:
            with torch.no_grad():
                on_real = self._judge(self.augmenter(real, number), labels).logits
        wanted = targets.draw(self.config, on_fake.logits.shape, self.device)
        others: Tensor | float = 0.0
        if on_fake.classes is not None and labels is not None:
            others = self.config.auxiliary_weight_generator * objectives.auxiliary_loss(on_fake.classes, labels)
        return self.objective.generator_loss(on_real, on_fake.logits, wanted), others

    def _backward(self, loss: Tensor) -> None:
        torch.autograd.backward(self.precision.scaler.scale(loss))

    def _descend(self, optimizer: torch.optim.Optimizer, network: nn.Module) -> None:
        parallel.share_gradients(network)
        self.gauge.gradient(network, int(network is self.discriminator), self.precision.scaler)
        self.precision.scaler.step(optimizer)
        self.precision.scaler.update()

    def release(self) -> None:
        """Let go of what a step that was broken off has left."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.zero_grad(set_to_none=True)

    def is_finite(self) -> bool:
        """Whether every weight is a number. Waits for the device."""
        weights = [*self.generator.parameters(), *self.discriminator.parameters()]
        return bool(torch.stack([weight.detach().isfinite().all() for weight in weights]).all())

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, by name."""
        return {
            **checkpoint.prefixed("generator", self.generator.state_dict()),
            **checkpoint.prefixed("discriminator", self.discriminator.state_dict()),
            **checkpoint.prefixed("mean", self.mean.network.state_dict()),
            **checkpoint.prefixed("augmentation", self.augmenter.state()),
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
        self.augmenter.restore(checkpoint.under(tensors, "augmentation"))
        checkpoint.restore_optimizer(self.generator_optimizer, checkpoint.under(tensors, "generator_optimizer"))
        checkpoint.restore_optimizer(self.discriminator_optimizer, checkpoint.under(tensors, "discriminator_optimizer"))


def build_discriminator(config: TrainConfig, channels: int, classes: int) -> nn.Module:
    """The architecture's discriminator, with the class as more channels and with spectral normalisation where the configuration says so."""
    architecture = architectures.load(config.architecture)
    discriminator: nn.Module
    if classes and config.class_method == "concatenation":
        discriminator = ConcatenatedClass(architecture.Discriminator(config, channels + CLASS_CHANNELS, 0), classes)
    else:
        discriminator = architecture.Discriminator(config, channels, classes)
    if config.spectral_norm:
        for layer in [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]:
            spectral_norm(layer)
    return discriminator


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
