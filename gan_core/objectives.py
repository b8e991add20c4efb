"""The objectives: what each player minimises, as functions of the discriminator's logits. The training loop knows none of the formulas.

`real` and `fake` are logits of one shape, (N,) or (N, K), float32; losses are scalars, means over all of them. Targets are what the
discriminator is asked to say: 1 for real and 0 for fake, unless the label tricks (`gan_core.targets`) say otherwise. Objectives without
labels ignore them.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, relu, softplus

STRUCTURE_WINDOW = 7
"""Side of the windows over which structural similarity compares, in pixels."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of one step."""

    real: Tensor
    """For the real pictures, in the shape of their logits."""
    fake: Tensor
    """For the generated ones."""
    wanted: float
    """What the generator wants the discriminator to say of its pictures."""


class Objective(Protocol):
    compares: ClassVar[bool]
    """Whether the generator's loss needs the logits of real pictures, too."""
    scale: ClassVar[float]
    """The discriminator's loss in terms of the published sum over real and fake: 0.5 where it is shown as their mean. Penalties and other
    losses are multiplied by it, so that their published weights hold."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor: ...

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor: ...


class NonSaturating:
    """Cross entropy with logits (Goodfellow et al. 2014, section 3). The discriminator's is the mean over real and fake, so guessing costs
    ln 2 = 0.69 for either player. Targets may exceed 1."""

    compares: ClassVar[bool] = False
    scale: ClassVar[float] = 0.5

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return (binary_cross_entropy_with_logits(real, targets.real) + binary_cross_entropy_with_logits(fake, targets.fake)) / 2

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        return binary_cross_entropy_with_logits(fake, fake.new_full(fake.shape, targets.wanted))


class Minimax(NonSaturating):
    """The zero-sum game itself (Goodfellow et al. 2014, equation 1): the generator wants the discriminator's loss on its pictures to grow.
    Its gradient fades while the discriminator wins."""

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        return -binary_cross_entropy_with_logits(fake, fake.new_full(fake.shape, 1 - targets.wanted))


class LeastSquares:
    """Half the squared distance to the target (Mao et al. 2017, equation 2, with a = 0 and b = c = 1)."""

    compares: ClassVar[bool] = False
    scale: ClassVar[float] = 1.0

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return ((real - targets.real).square().mean() + (fake - targets.fake).square().mean()) / 2

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        return (fake - targets.wanted).square().mean() / 2


class Wasserstein:
    """Difference of the critic's means (Arjovsky et al. 2017, algorithm 1): minus the discriminator's loss estimates the distance."""

    compares: ClassVar[bool] = False
    scale: ClassVar[float] = 1.0

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return fake.mean() - real.mean()

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        return -fake.mean()


class Hinge:
    """Wasserstein's critic with a margin (Lim & Ye 2017, equation 11; Miyato et al. 2018, equations 16 and 17). The margin is 1 on either
    side; smoothed labels draw it nearer: `targets.real`, and 1 - `targets.fake` (Liu et al. 2021 draw both between 0.8 and 1)."""

    compares: ClassVar[bool] = False
    scale: ClassVar[float] = 1.0

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return relu(targets.real - real).mean() + relu(1 - targets.fake + fake).mean()

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        return -fake.mean()


class Relativistic:
    """Each real picture against a generated one: which is the real one? (Jolicoeur-Martineau 2019, equations 5 and 6; Huang et al. 2024,
    section 2.) Guessing costs ln 2 for either player."""

    compares: ClassVar[bool] = True
    scale: ClassVar[float] = 1.0

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return softplus(fake - real).mean()

    def generator_loss(self, real: Tensor | None, fake: Tensor, targets: Targets) -> Tensor:
        assert real is not None  # `compares` asks for it
        return softplus(real - fake).mean()


OBJECTIVES: dict[str, Objective] = {
    "non-saturating": NonSaturating(),
    "minimax": Minimax(),
    "least-squares": LeastSquares(),
    "wasserstein": Wasserstein(),
    "hinge": Hinge(),
    "relativistic": Relativistic(),
}
"""By the name that TrainConfig.objective has."""


def auxiliary_loss(classes: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of guessed classes (N, classes), as logits, with the true ones (N,) (Odena et al. 2017, section 3)."""
    return cross_entropy(classes.float(), labels)


def reconstruction_loss(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean over (reconstruction, original) pairs, (N, C, H, W) in -1..1, of the absolute difference plus the lack of structural similarity."""
    losses = [(drawn.float() - true.float()).abs().mean() + 1 - structural_similarity(drawn.float(), true.float()) for drawn, true in pairs]
    return torch.stack(losses).mean()


def structural_similarity(one: Tensor, other: Tensor) -> Tensor:
    """Mean structural similarity of two batches (N, C, H, W) in -1..1, 1 for equal ones (Wang et al. 2004, equation 13), over square windows."""
    window = min(STRUCTURE_WINDOW, one.shape[2], one.shape[3])
    stabilisers = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # for values that span 2

    def mean(maps: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(maps, window, 1)

    first, second = mean(one), mean(other)
    variances = mean(one * one) - first.square() + mean(other * other) - second.square()
    covariance = mean(one * other) - first * second
    similarity = (2 * first * second + stabilisers[0]) * (2 * covariance + stabilisers[1])
    return (similarity / ((first.square() + second.square() + stabilisers[0]) * (variances + stabilisers[1]))).mean()
