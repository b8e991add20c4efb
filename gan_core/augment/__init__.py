"""What happens to real and drawn pictures alike before the discriminator judges them, so that it cannot learn few pictures by heart.

Nothing of it may reach samples: it lies between the pictures and the discriminator, and nowhere else.
"""

import torch
from torch import Tensor

from gan_core import parallel
from gan_core.augment import adaptive, diffaugment
from gan_core.augment.adaptive import Probability
from gan_core.config import TrainConfig


class Augmenter:
    """The augmentation of one run. Randomness comes from torch's global state, for each picture anew.

    Args:
        image_count: pictures of the dataset, on which `auto` depends.
        total_steps: generator steps of the run, over which instance noise fades.
    """

    def __init__(self, config: TrainConfig, image_count: int, total_steps: int, device: torch.device) -> None:
        self.config = config
        self.total_steps = total_steps
        self.kind = config.augmentation_for(image_count)
        self.transparent = _transparent(config.background).to(device)
        self.probability = Probability(config.adaptive_target, device) if self.kind == "adaptive" else None

    def __call__(self, images: Tensor, step: int) -> Tensor:
        """Pictures (N, C, H, W) in -1..1 at generator step `step` (from 1) as the discriminator gets to see them; may leave -1..1."""
        with torch.autocast(images.device.type, enabled=False):  # places and colours need all digits
            if self.kind == "diffaugment":
                images = diffaugment.apply(images.float(), diffaugment.draw(self.config, images), self._empty(images))
            elif self.probability is not None:
                images = adaptive.apply(images.float(), adaptive.draw(images, self.probability.value, mirror=self.config.mirror))
            spread = self.config.instance_noise * max(0.0, 1 - step / self.total_steps)
            return images + spread * _bell(images) if spread else images

    def _empty(self, images: Tensor) -> Tensor:
        """(1, C, 1, 1): a place without picture. Grey, or the invisible pixel of prepared pictures."""
        return self.transparent if images.shape[1] == 4 else self.transparent.new_zeros(1, images.shape[1], 1, 1)

    @property
    def strength(self) -> Tensor | None:
        """The present probability of each adaptive alteration, a scalar on the device; None unless adaptive."""
        return None if self.probability is None else self.probability.value

    def observe(self, real_logits: Tensor) -> None:
        """Note what the discriminator says of augmented real pictures. Under an objective that only compares, that is real minus fake."""
        if self.probability is not None:
            self.probability.observe(-real_logits if self.config.invert_labels else real_logits)

    def adapt(self, pictures: int) -> None:
        """A discriminator step with so many real pictures is over."""
        if self.probability is not None:
            self.probability.adapt(pictures)

    def state(self) -> dict[str, Tensor]:
        """What must be kept for a run to go on exactly."""
        return {} if self.probability is None else self.probability.state()

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `state` took. Raises KeyError if it comes from another kind of augmentation."""
        if self.probability is not None:
            self.probability.restore(tensors)


def _bell(images: Tensor) -> Tensor:
    """Normal noise like the pictures in channels_last order; `randn_like` takes four times as long in it."""
    count, channels, height, width = images.shape
    drawn = torch.randn(parallel.whole(count), height, width, channels, device=images.device)
    return parallel.mine(drawn).permute(0, 3, 1, 2)


def _transparent(background: str) -> Tensor:
    """(1, 4, 1, 1): the background's colour and no alpha, as below the invisible pixels of prepared pictures (`gan_core.images.fit`)."""
    red, green, blue = bytes.fromhex(background.lstrip("#"))
    return torch.tensor([red, green, blue, 0]).div(127.5).sub(1).view(1, 4, 1, 1)
