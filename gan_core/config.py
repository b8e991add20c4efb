"""TrainConfig: every setting of a training run, with its meaning, unit, bounds and place in the form.

The one model behind the web form, the REST API, the command line and the trainer. Nothing else validates settings.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from gan_core import architectures

Group = Literal["pictures", "length", "optimisation", "architecture", "tricks"]
LOSS_POINTS = 5000
"""A run records at most this many loss points, however long it is."""


def setting(default: Any, group: Group, title: str, help: str, *, unit: str = "", **bounds: Any) -> Any:
    """A field of TrainConfig: `title`, `help` and `unit` are what the form shows."""
    return Field(default, title=title, description=help, json_schema_extra={"group": group, "unit": unit}, **bounds)


Rate = Annotated[float, Field(gt=0, le=0.1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
SoftLabel = Annotated[float, Field(ge=0, le=1.5)]


class TrainConfig(BaseModel):
    """One training run, complete. Frozen; exactly one of `steps` and `epochs` is set."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # pictures
    width: int = setting(
        64,
        "pictures",
        "Width",
        "Width of the pictures the network draws. Each doubling takes about four times as long.",
        unit="pixels",
        ge=16,
        le=512,
    )
    height: int = setting(64, "pictures", "Height", "Height of the pictures the network draws.", unit="pixels", ge=16, le=512)
    channels: Literal["auto", "grey", "rgb", "rgba"] = setting(
        "auto", "pictures", "Colours", "Auto takes grey for grey pictures and colour for all others. RGBA keeps transparency as a fourth channel."
    )
    fit: Literal["crop", "pad", "stretch"] = setting(
        "crop", "pictures", "Fit by", "Crop cuts the longer side, pad adds background, stretch changes the proportions."
    )
    background: str = setting(
        "#ffffff", "pictures", "Behind transparent parts", "Colour behind transparent parts and around padded pictures.", pattern=r"^#[0-9a-f]{6}$"
    )
    mirror: bool = setting(
        False, "pictures", "Mirror left and right at random", "Doubles the variety of faces and landscapes. Leave it off for digits and text."
    )

    # length
    steps: int | None = setting(None, "length", "Steps", "One step shows the network one batch. Set steps or epochs, not both.", ge=1, le=10_000_000)
    epochs: int | None = setting(
        None, "length", "Epochs", "One epoch shows the network every picture once. Set steps or epochs, not both.", ge=1, le=1_000_000
    )
    sample_every_seconds: float = setting(
        20.0, "length", "New sheet every", "Time between two sheets of samples. The first ones come sooner.", unit="seconds", ge=1, le=86400
    )
    checkpoint_every_seconds: float = setting(
        300.0, "length", "Checkpoint every", "After a crash the run goes on from the last checkpoint.", unit="seconds", ge=1, le=86400
    )
    seed: int = setting(0, "length", "Seed", "The same seed on the same machine repeats the run exactly.", ge=0, le=2**31 - 1)

    # optimisation
    objective: Literal["non-saturating", "least-squares", "wasserstein"] = setting(
        "non-saturating", "optimisation", "Objective", "How the duel is scored. Non-saturating is the classic; Wasserstein needs weight clipping."
    )
    penalty: Literal["none", "clip"] = setting(
        "none", "optimisation", "Penalty", "What keeps the discriminator tame. Clip limits its weights after each of its steps."
    )
    clip_value: float = setting(0.01, "optimisation", "Clip at", "Largest absolute weight when clipping.", gt=0, le=1)
    clip_kernels_only: bool = setting(
        False, "optimisation", "Clip convolution kernels only", "Leaves biases, normalisation and dense layers unclipped."
    )
    batch_size: int = setting(
        64, "optimisation", "Batch size", "Pictures per step. Bigger is steadier and needs more memory.", unit="pictures", ge=2, le=1024
    )
    discriminator_steps: int = setting(1, "optimisation", "Discriminator steps", "Discriminator steps per generator step.", ge=1, le=100)
    optimizer: Literal["adam", "rmsprop"] = setting(
        "adam", "optimisation", "Optimiser", "Adam suits nearly everything; RMSprop goes with weight clipping."
    )
    generator_learning_rate: Rate = setting(2e-4, "optimisation", "Learning rate, generator", "Typical: 0.0002.")
    discriminator_learning_rate: Rate = setting(
        2e-4, "optimisation", "Learning rate, discriminator", "Typical: 0.0002. Lower it when the discriminator wins."
    )
    beta1: float = setting(0.5, "optimisation", "Adam beta 1", "Memory of the gradient's direction. Ignored by RMSprop.", ge=0, lt=1)
    beta2: float = setting(0.999, "optimisation", "Adam beta 2", "Memory of the gradient's size; the decay of RMSprop.", ge=0, lt=1)
    ema: float = setting(
        0.995, "optimisation", "EMA decay", "Samples and weights come from a running mean of the generator. 0 turns it off.", ge=0, lt=1
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", "optimisation", "Precision", "Auto takes bf16 where the hardware is fast at it, fp32 elsewhere. fp16 needs a GPU."
    )

    # architecture
    architecture: str = setting("dcgan", "architecture", "Architecture", "The pair of networks. MLP is for tiny pictures, DCGAN for all others.")
    conditional: bool = setting(
        False, "architecture", "Learn the classes", "Tells both networks the class of each picture, so that you can ask for one. Needs classes."
    )
    latent_size: int = setting(100, "architecture", "Latent size", "Numbers the generator starts from.", ge=1, le=1024)
    latent_distribution: Literal["normal", "uniform"] = setting(
        "normal", "architecture", "Latent distribution", "Where these numbers are drawn from: a bell curve, or -1 to 1 evenly."
    )
    generator_width: int = setting(
        64,
        "architecture",
        "Generator width",
        "Channels of the generator's last hidden layer. Half is about four times as fast.",
        unit="channels",
        ge=4,
        le=512,
    )
    discriminator_width: int = setting(
        64, "architecture", "Discriminator width", "Channels of the discriminator's first layer.", unit="channels", ge=4, le=512
    )
    kernel_size: Literal[3, 4, 5] = setting(4, "architecture", "Kernel size", "Side of the convolution kernels.", unit="pixels")
    dense_head: int = setting(
        0, "architecture", "Dense head", "Units of a dense layer before the discriminator's verdict. 0 leaves it out.", unit="units", ge=0, le=4096
    )

    # tricks
    invert_labels: bool = setting(False, "tricks", "Invert the labels", "Real is 0 and fake is 1: the generator gets stronger gradients early on.")
    real_label_low: SoftLabel = setting(
        1.0, "tricks", "Real label from", "Smoothed labels keep the discriminator from being too sure. Inverting exchanges the two ranges."
    )
    real_label_high: SoftLabel = setting(1.0, "tricks", "Real label to", "Drawn evenly between from and to, for each picture.")
    fake_label_low: SoftLabel = setting(0.0, "tricks", "Fake label from", "As for real pictures.")
    fake_label_high: SoftLabel = setting(0.0, "tricks", "Fake label to", "As for real pictures.")
    flip_labels: float = setting(0.0, "tricks", "Labels swapped", "Share of pictures whose real and fake labels are swapped.", ge=0, le=0.5)
    dropout: Fraction = setting(0.0, "tricks", "Dropout", "Share of the discriminator's hidden units switched off at random.", lt=1)

    @field_validator("architecture")
    @classmethod
    def _known_architecture(cls, name: str) -> str:
        if name not in architectures.names():
            raise PydanticCustomError("unknown_architecture", f"Choose one of: {', '.join(architectures.names())}.")
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [
                    InitErrorDetails(type=PydanticCustomError("mismatch", message), loc=(name,), input=getattr(self, name))
                    for name, message in problems
                ],
            )
        return self

    def _problems(self) -> list[tuple[str, str]]:
        """(field, sentence) for every pair of settings that cannot go together."""
        found: list[tuple[str, str]] = []
        if self.steps is None and self.epochs is None:
            found.append(("steps", "Set steps or epochs."))
        if self.steps is not None and self.epochs is not None:
            found.append(("epochs", "Set steps or epochs, not both."))
        if self.objective == "wasserstein" and self.penalty == "none":
            found.append(("penalty", "Wasserstein needs a penalty: choose clip."))
        if self.penalty == "clip" and self.objective != "wasserstein":
            found.append(("penalty", "Weight clipping belongs to the Wasserstein objective."))
        limit = architectures.describe(self.architecture).max_size
        for side in ("width", "height"):
            if getattr(self, side) > limit:
                found.append((side, f"{self.architecture} draws up to {limit} pixels. Choose dcgan for larger pictures."))
        for kind in ("real", "fake"):
            if getattr(self, f"{kind}_label_low") > getattr(self, f"{kind}_label_high"):
                found.append((f"{kind}_label_high", "Must not be below the value it starts from."))
        if self.objective == "wasserstein":
            tricks = {"flip_labels": bool(self.flip_labels), "invert_labels": self.invert_labels, "real_label_low": self._labels_smoothed}
            found += [(name, "Wasserstein has no labels to smooth, swap or invert.") for name, used in tricks.items() if used]
        return found

    @property
    def _labels_smoothed(self) -> bool:
        return (self.real_label_low, self.real_label_high, self.fake_label_low, self.fake_label_high) != (1.0, 1.0, 0.0, 0.0)

    def total_steps(self, image_count: int) -> int:
        """Generator steps of the whole run on `image_count` pictures: with epochs, as many as show the discriminator each picture so often."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None  # the validator saw to it
        return math.ceil(self.epochs * image_count / (self.batch_size * self.discriminator_steps))

    def loss_interval(self, image_count: int) -> int:
        """Steps between two loss points: 1 for short runs, more for long ones so that there are at most LOSS_POINTS."""
        return math.ceil(self.total_steps(image_count) / LOSS_POINTS)
