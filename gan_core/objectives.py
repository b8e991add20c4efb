"""The objectives: what each player minimises, as functions of the discriminator's logits. The training loop knows none of the formulas.

`real` and `fake` are logits of shape (N,), float32; losses are scalars. Targets are what the discriminator is asked to say: 1 for real
and 0 for fake, unless the label tricks (`gan_core.targets`) say otherwise. Objectives without labels ignore them.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of one step."""

    real: Tensor
    """(N,), for the real pictures."""
    fake: Tensor
    """(N,), for the generated ones."""
    wanted: float
    """What the generator wants the discriminator to say of its pictures."""


class Objective(Protocol):
    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor: ...

    def generator_loss(self, fake: Tensor, targets: Targets) -> Tensor: ...


class NonSaturating:
    """Cross entropy with logits (Goodfellow et al. 2014, section 3). The discriminator's is the mean over real and fake, so guessing costs
    ln 2 = 0.69 for either player. Targets may exceed 1."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return (binary_cross_entropy_with_logits(real, targets.real) + binary_cross_entropy_with_logits(fake, targets.fake)) / 2

    def generator_loss(self, fake: Tensor, targets: Targets) -> Tensor:
        return binary_cross_entropy_with_logits(fake, fake.new_full(fake.shape, targets.wanted))


class LeastSquares:
    """Half the squared distance to the target (Mao et al. 2017, equation 2, with a = 0 and b = c = 1)."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return ((real - targets.real).square().mean() + (fake - targets.fake).square().mean()) / 2

    def generator_loss(self, fake: Tensor, targets: Targets) -> Tensor:
        return (fake - targets.wanted).square().mean() / 2


class Wasserstein:
    """Difference of the critic's means (Arjovsky et al. 2017, algorithm 1): minus the discriminator's loss estimates the distance."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return fake.mean() - real.mean()

    def generator_loss(self, fake: Tensor, targets: Targets) -> Tensor:
        return -fake.mean()


OBJECTIVES: dict[str, Objective] = {"non-saturating": NonSaturating(), "least-squares": LeastSquares(), "wasserstein": Wasserstein()}
"""By the name that TrainConfig.objective has."""
