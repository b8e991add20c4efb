"""What is measured of the duel besides its losses: how well the discriminator tells real from fake, and how strongly both learn.

Kept on the device until it is asked for, so that measuring makes nobody wait.
"""

import torch
from torch import Tensor, nn

EVERY = 16
"""Generator steps between two measurements."""


class Gauge:
    """Holds the newest measurement."""

    def __init__(self, device: torch.device, *, inverted: bool) -> None:
        self._values = torch.zeros(3, device=device)  # spotting, gradient of the generator, of the discriminator
        self._inverted = inverted
        self._measured = False
        self._active = False

    def begin(self, step: int) -> None:
        """Generator step `step` begins; whether it is measured depends on its number only."""
        self._active = step % EVERY == 0

    def judged(self, real: Tensor, fake: Tensor) -> None:
        """Logits (N, ...) of real and of fake pictures, of which each picture's mean counts."""
        if self._active:
            self._values[0] = spotting(real.detach(), fake.detach(), inverted=self._inverted)
            self._measured = True

    def gradient(self, network: nn.Module, place: int, scaler: torch.amp.GradScaler) -> None:
        """The gradients that the network's weights have now, still scaled. `place` 0 is the generator, 1 the discriminator."""
        if self._active:
            gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
            self._values[1 + place] = nn.utils.get_total_norm(gradients) / scaler.get_scale()

    def take(self) -> tuple[float, float, float] | None:
        """(spotting, gradient norm of the generator, of the discriminator) if there is news. Waits for the device."""
        if not self._measured:
            return None
        self._measured = False
        spotted, generator, discriminator = self._values.tolist()
        return spotted, generator, discriminator


def spotting(real: Tensor, fake: Tensor, *, inverted: bool = False) -> Tensor:
    """Probability that a real picture gets a higher logit than a fake one: 1 spots every fake, 0.5 can only guess.

    Under every objective the discriminator's order of pictures means the same, whatever its numbers mean; this is the area under its ROC curve.
    """
    on_real, on_fake = (logits.reshape(len(logits), -1).mean(1) for logits in (real, fake))
    share = (on_real[:, None] > on_fake).float().mean() + 0.5 * (on_real[:, None] == on_fake).float().mean()
    return 1 - share if inverted else share
