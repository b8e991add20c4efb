"""TrainConfig: every setting of a training run, with its meaning, unit, bounds and place in the form.

The one model behind the web form, the REST API, the command line and the trainer. Nothing else validates settings;
which of them go together is said in `gan_core.grid`.
"""

import math
from bisect import bisect_left
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from gan_core import architectures, grid

Group = Literal["pictures", "length", "optimisation", "architecture", "tricks"]
LOSS_POINTS = 5000
"""A run records at most this many loss points, however long it is."""
AUGMENT_BELOW = 20_000
"""`augmentation` auto is DiffAugment for datasets of fewer pictures, and none for others. 5000 digits in ten classes still need it: without it
each class settles on one picture within 5000 steps (docs/quality.md)."""
WARMUP, WARMUP_EVERY = 25, 500
"""Generator steps at the start, and the interval afterwards, that get the warm-up's discriminator steps (the code of Arjovsky et al. 2017)."""


def setting(default: Any, group: Group, title: str, help: str, *, unit: str = "", more: bool = False, **bounds: Any) -> Any:
    """A field of TrainConfig: `title`, `help` and `unit` are what the form shows; `more` puts it among those that few people touch."""
    return Field(default, title=title, description=help, json_schema_extra={"group": group, "unit": unit, "more": more}, **bounds)


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
    crop_to_boxes: bool = setting(
        False,
        "pictures",
        "Cut out the subjects",
        "Takes each box of the annotations (Pascal VOC files beside the pictures) as a picture of its own.",
        more=True,
    )
    tiles: int = setting(
        0,
        "pictures",
        "Tiles per picture",
        "Cuts so many pieces out of each picture at random places: for maps and textures. 0 takes it whole.",
        ge=0,
        le=1000,
        more=True,
    )
    tile_scale: float = setting(
        1.0,
        "pictures",
        "Tile scale",
        "Side of a tile in the picture, in multiples of the drawn size. 1 keeps every pixel, 4 sees four times as far.",
        ge=1,
        le=64,
        more=True,
    )
    class_balanced: bool = setting(
        False,
        "pictures",
        "Show all classes equally often",
        "Pictures of small classes come more often. Needs classes; they need not be learnt.",
        more=True,
    )
    dequantise: bool = setting(
        False,
        "pictures",
        "Dequantise",
        "Adds noise smaller than one step of brightness, so that the discriminator cannot look for whole numbers.",
        more=True,
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
        300.0,
        "length",
        "Checkpoint every",
        "After a crash the run goes on from the last checkpoint.",
        unit="seconds",
        ge=1,
        le=86400,
        more=True,
    )
    score_samples: int = setting(
        1000,
        "length",
        "Pictures to score",
        "So many are drawn and compared with the training pictures for each score. More make it steadier and slower. 0 leaves scores out.",
        unit="pictures",
        ge=0,
        le=50_000,
        more=True,
    )
    score_every_seconds: float | None = setting(
        None,
        "length",
        "New score every",
        "Left empty, as often as takes no more than a twentieth of the time. There is one at the end in any case.",
        unit="seconds",
        ge=1,
        le=86400,
        more=True,
    )
    patience: int = setting(
        0,
        "length",
        "Patience",
        "Ends the run after so many scores without a better one. 0 trains to the end.",
        unit="scores",
        ge=0,
        le=1000,
        more=True,
    )
    seed: int = setting(0, "length", "Seed", "The same seed on the same machine repeats the run exactly.", ge=0, le=2**31 - 1, more=True)

    # optimisation
    objective: Literal["non-saturating", "minimax", "least-squares", "wasserstein", "hinge", "relativistic"] = setting(
        "non-saturating",
        "optimisation",
        "Objective",
        "How the duel is scored. Non-saturating is the classic; hinge and relativistic are modern; Wasserstein needs clipping or a gradient penalty.",
    )
    penalty: Literal["none", "clip", "gradient", "r1", "r1-r2"] = setting(
        "none",
        "optimisation",
        "Penalty",
        "What keeps the discriminator tame. Clip limits its weights; the others limit its slope: between real and fake (gradient), at real pictures "
        "(R1), or at both (R1-R2).",
    )
    penalty_weight: float | None = setting(
        None,
        "optimisation",
        "Penalty weight",
        "How strong the penalty is. Left empty it is the usual one: 10 for gradient, and by picture and batch size for R1 and R1-R2.",
        ge=0,
        le=10_000,
    )
    penalty_interval: int = setting(
        1,
        "optimisation",
        "Penalty every",
        "Computed only so often, and then so many times as strong. 16 is usual for R1.",
        unit="steps",
        ge=1,
        le=64,
        more=True,
    )
    penalty_end: Fraction = setting(
        1.0,
        "optimisation",
        "Penalty at the end",
        "Share of its weight that the penalty falls to along the schedule.",
        gt=0,
        more=True,
    )
    clip_value: float = setting(0.01, "optimisation", "Clip at", "Largest absolute weight when clipping.", gt=0, le=1)
    clip_kernels_only: bool = setting(
        False,
        "optimisation",
        "Clip convolution kernels only",
        "Leaves biases, normalisation and dense layers unclipped.",
        more=True,
    )
    spectral_norm: bool = setting(
        False,
        "optimisation",
        "Spectral normalisation",
        "Keeps every layer of the discriminator from stretching its input. Goes well with hinge.",
        more=True,
    )
    batch_size: int = setting(
        64, "optimisation", "Batch size", "Pictures per step. Bigger is steadier and needs more memory.", unit="pictures", ge=2, le=1024
    )
    accumulate: int = setting(
        1,
        "optimisation",
        "Parts of a batch",
        "Each batch goes through the networks in so many parts, which saves memory and costs time.",
        ge=1,
        le=256,
        more=True,
    )
    discriminator_steps: int = setting(1, "optimisation", "Discriminator steps", "Discriminator steps per generator step.", ge=1, le=100, more=True)
    warmup_discriminator_steps: int = setting(
        0,
        "optimisation",
        "Discriminator steps, warm-up",
        f"So many during the first {WARMUP} generator steps and at every {WARMUP_EVERY}th. 0 leaves them as they are.",
        ge=0,
        le=1000,
        more=True,
    )
    optimizer: Literal["adam", "rmsprop"] = setting(
        "adam",
        "optimisation",
        "Optimiser",
        "Adam suits nearly everything; RMSprop goes with weight clipping.",
        more=True,
    )
    generator_learning_rate: Rate = setting(2e-4, "optimisation", "Learning rate, generator", "Typical: 0.0002.")
    discriminator_learning_rate: Rate = setting(
        2e-4, "optimisation", "Learning rate, discriminator", "Typical: 0.0002. Lower it when the discriminator wins."
    )
    beta1: float = setting(0.5, "optimisation", "Adam beta 1", "Memory of the gradient's direction. Ignored by RMSprop.", ge=0, lt=1, more=True)
    beta2: float = setting(0.999, "optimisation", "Adam beta 2", "Memory of the gradient's size; the decay of RMSprop.", ge=0, lt=1, more=True)
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "constant",
        "optimisation",
        "Schedule",
        "How learning rates, and whatever else has a value for the end, get there from their start.",
        more=True,
    )
    schedule_share: Fraction = setting(
        1.0, "optimisation", "Schedule over", "Share of the run after which the end values are reached.", gt=0, more=True
    )
    learning_rate_end: Fraction = setting(
        0.0, "optimisation", "Learning rates at the end", "Share of the learning rates that the schedule ends at.", more=True
    )
    beta2_end: float | None = setting(
        None,
        "optimisation",
        "Adam beta 2 at the end",
        "Where the schedule takes beta 2. Empty leaves it as it is.",
        ge=0,
        lt=1,
        more=True,
    )
    ema: float = setting(
        0.995,
        "optimisation",
        "EMA decay",
        "Samples and weights come from a running mean of the generator. 0 turns it off.",
        ge=0,
        lt=1,
        more=True,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto",
        "optimisation",
        "Precision",
        "Auto takes bf16 where the hardware is fast at it, fp32 elsewhere. fp16 needs a GPU.",
        more=True,
    )

    # architecture
    architecture: str = setting(
        "dcgan",
        "architecture",
        "Architecture",
        "The pair of networks. MLP is for tiny pictures, DCGAN the classic, R3GAN the modern one; FastGAN learns from few pictures.",
    )
    conditional: bool = setting(
        False, "architecture", "Learn the classes", "Tells both networks the class of each picture, so that you can ask for one. Needs classes."
    )
    class_method: Literal["projection", "concatenation", "auxiliary"] = setting(
        "projection",
        "architecture",
        "Classes in the discriminator",
        "Projection compares features with the class, concatenation shows it beside the picture, auxiliary has the discriminator guess it.",
    )
    auxiliary_weight: float = setting(
        1.0,
        "architecture",
        "Guess weight, discriminator",
        "How much the guessed class counts in the discriminator's loss.",
        ge=0,
        le=100,
        more=True,
    )
    auxiliary_weight_generator: float = setting(
        1.0,
        "architecture",
        "Guess weight, generator",
        "How much the guessed class counts in the generator's loss.",
        ge=0,
        le=100,
        more=True,
    )
    auxiliary_on_fake: bool = setting(
        False,
        "architecture",
        "Guess the class of fakes, too",
        "The discriminator also learns from the classes of generated pictures, as in ACGAN.",
        more=True,
    )
    latent_size: int = setting(100, "architecture", "Latent size", "Numbers the generator starts from.", ge=1, le=1024)
    latent_distribution: Literal["normal", "uniform", "spherical"] = setting(
        "normal",
        "architecture",
        "Latent distribution",
        "Where these numbers are drawn from: a bell curve, -1 to 1 evenly, or a sphere.",
        more=True,
    )
    generator_width: int = setting(
        64,
        "architecture",
        "Generator width",
        "Channels of the generator at the picture's own size; smaller maps have more. Half is about four times as fast.",
        unit="channels",
        ge=4,
        le=512,
    )
    discriminator_width: int = setting(
        64, "architecture", "Discriminator width", "Channels of the discriminator at the picture's own size.", unit="channels", ge=4, le=512
    )
    kernel_size: Literal[3, 4, 5] = setting(4, "architecture", "Kernel size", "Side of the convolution kernels.", unit="pixels", more=True)
    dense_head: int = setting(
        0,
        "architecture",
        "Dense head",
        "Units of a dense layer before the discriminator's verdict. 0 leaves it out.",
        unit="units",
        ge=0,
        le=4096,
        more=True,
    )

    discriminator_batch_norm: bool = setting(
        True,
        "architecture",
        "Batch normalisation in the discriminator",
        "The classic choice. It goes with neither gradient penalties nor spectral normalisation.",
        more=True,
    )

    # tricks
    augmentation: Literal["auto", "none", "diffaugment", "adaptive"] = setting(
        "auto",
        "tricks",
        "Augmentation",
        "Alters real and drawn pictures alike before they are judged, so that few pictures last longer. Adaptive does it as strongly as needed. "
        f"Auto takes DiffAugment below {AUGMENT_BELOW} pictures.",
    )
    augment_colour: bool = setting(True, "tricks", "Alter colours", "Brightness, contrast and saturation. Used by DiffAugment.")
    augment_translation: bool = setting(True, "tricks", "Move", "Shifts by up to an eighth. Used by DiffAugment.")
    augment_cutout: bool = setting(True, "tricks", "Cut out", "Blanks a square of half the side. Used by DiffAugment.")
    adaptive_target: float = setting(
        0.6, "tricks", "Adaptive target", "How sure of real pictures the discriminator may become before adaptive augmentation grows.", gt=0, lt=1
    )
    instance_noise: float = setting(
        0.0,
        "tricks",
        "Instance noise",
        "Noise on all pictures that the discriminator sees, fading to none over the run. 0.1 is usual.",
        ge=0,
        le=1,
        more=True,
    )
    invert_labels: bool = setting(False, "tricks", "Invert the labels", "Real is 0 and fake is 1: the generator gets stronger gradients early on.")
    real_label_low: SoftLabel = setting(
        1.0,
        "tricks",
        "Real label from",
        "Smoothed labels keep the discriminator from being too sure. Inverting exchanges the two ranges.",
        more=True,
    )
    real_label_high: SoftLabel = setting(1.0, "tricks", "Real label to", "Drawn evenly between from and to, for each picture.", more=True)
    fake_label_low: SoftLabel = setting(0.0, "tricks", "Fake label from", "As for real pictures.", more=True)
    fake_label_high: SoftLabel = setting(0.0, "tricks", "Fake label to", "As for real pictures.", more=True)
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
        problems = grid.problems(self)
        if problems:
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [
                    InitErrorDetails(type=PydanticCustomError("mismatch", message), loc=(name,), input=getattr(self, name))
                    for name, message in problems
                ],
            )
        return self

    def total_steps(self, image_count: int) -> int:
        """Generator steps of the whole run on `image_count` pictures: with epochs, as many as show the discriminator each picture so often."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None  # the validator saw to it
        batches = math.ceil(self.epochs * image_count / self.batch_size)
        return bisect_left(range(math.ceil(batches / self.discriminator_steps) + 1), batches, key=self.discriminator_steps_until)

    def discriminator_steps_at(self, step: int) -> int:
        """Discriminator steps of generator step `step` (from 1)."""
        return self.discriminator_steps_until(step) - self.discriminator_steps_until(step - 1)

    def discriminator_steps_until(self, step: int) -> int:
        """Discriminator steps of the first `step` generator steps together."""
        boosted = min(step, WARMUP) + max(0, (step - 1) // WARMUP_EVERY) if self.warmup_discriminator_steps else 0
        return step * self.discriminator_steps + boosted * (self.warmup_discriminator_steps - self.discriminator_steps)

    def augmentation_for(self, image_count: int) -> Literal["none", "diffaugment", "adaptive"]:
        """What `auto` means for so many pictures."""
        if self.augmentation != "auto":
            return self.augmentation
        return "diffaugment" if image_count < AUGMENT_BELOW else "none"

    def loss_interval(self, image_count: int) -> int:
        """Steps between two loss points: 1 for short runs, more for long ones so that there are at most LOSS_POINTS."""
        return math.ceil(self.total_steps(image_count) / LOSS_POINTS)
