"""What is measured: the works, and the commands that do each."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.training.peers import KERAS

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Work:
    """One network on one set of pictures, trained for some steps."""

    network: str
    pictures: str
    """One of `benchmarks.quality.sets.SETS`."""
    batch: int
    steps: int
    warm: int
    """Steps before the steady state."""
    settings: tuple[str, ...]
    """Of gan_core, beside steps and batch."""
    peers: tuple[str, ...]
    """Names of `PEERS`."""
    recipe: str = ""
    size: int = 64
    goals: dict[str, float] = field(default_factory=dict)
    """By peer: how many times as fast gan_core is to be on a processor with AMX."""
    share_goal: float | None = None
    """Of the peak in bf16, on a processor with AMX."""

    @property
    def title(self) -> str:
        return f"{self.network}, {self.size} px, batch {self.batch}"

    def changes(self) -> list[str]:
        """Of gan_core's settings. Nothing that the plain programs do not have."""
        return [*self.settings, f"batch_size={self.batch}", "augmentation=none", "mirror=false", "score_samples=0"]

    def options(self) -> list[str]:
        """Of everything that takes a configuration of gan_core."""
        return [*([f"--recipe={self.recipe}"] if self.recipe else []), *(f"--set={change}" for change in self.changes())]


@dataclass(frozen=True, slots=True)
class Command:
    """A program that does a work, in the number format of its products."""

    name: str
    format: str
    arguments: tuple[str, ...]


PLAIN, CHANNELS_LAST = "Plain PyTorch", "Plain PyTorch, channels_last"
KERAS_BF16, KERAS_FP32 = "Keras, mixed_bfloat16", "Keras, float32"
LOOP, LOOP_CHANNELS_LAST = "Plain loop", "Plain loop, channels_last"
TWO = "gan_core, two processes"

WORKS = {
    "dcgan-64": Work(
        "DCGAN",
        "emoji",
        batch=64,
        steps=20,
        warm=4,
        settings=(),
        peers=("other format", PLAIN, CHANNELS_LAST, KERAS_BF16, KERAS_FP32),
        goals={PLAIN: 5.0, KERAS_BF16: 3.0},
        share_goal=0.35,
    ),
    "dcgan-64-128": Work("DCGAN", "emoji", batch=128, steps=8, warm=2, settings=(), peers=(PLAIN, CHANNELS_LAST), goals={PLAIN: 5.0}, share_goal=0.4),
    "dcgan-128": Work(
        "DCGAN",
        "satellite",
        batch=32,
        steps=10,
        warm=2,
        settings=("width=128", "height=128"),
        peers=(PLAIN, CHANNELS_LAST),
        size=128,
        goals={PLAIN: 4.0},
    ),
    "stylegan2-64": Work(
        "StyleGAN2",
        "emoji",
        batch=32,
        steps=18,
        warm=2,
        settings=(),
        peers=(LOOP, LOOP_CHANNELS_LAST),
        recipe="style",
        goals={LOOP: 3.0},
    ),
    "r3gan-64": Work(
        "R3GAN",
        "emoji",
        batch=16,
        steps=8,
        warm=2,
        settings=(),
        peers=(LOOP, LOOP_CHANNELS_LAST),
        recipe="modern",
        goals={LOOP: 3.0},
    ),
    "mlp-28": Work(
        "MLP",
        "digits",
        batch=64,
        steps=1000,
        warm=100,
        settings=("architecture=mlp", "width=28", "height=28"),
        peers=(LOOP,),
        size=28,
        goals={LOOP: 1.5},
    ),
    "dcgan-64-shared": Work("DCGAN", "emoji", batch=64, steps=20, warm=4, settings=(), peers=(TWO,)),
    "r3gan-64-shared": Work("R3GAN", "emoji", batch=16, steps=12, warm=4, settings=(), peers=(TWO,), recipe="modern"),
}
"""StyleGAN2's steady state is one interval of its lazy penalty."""


def ours(format: str, *, auto: bool) -> str:
    return f"gan_core, {format}{' (auto)' if auto else ''}"


def commands(work: Work, auto: str) -> Iterator[Command]:
    """gan_core first, then the peers. `auto` is the number format that gan_core takes by itself on this machine.

    `{folder}` and `{out}` stand for pictures and results.
    """
    train = ("-m", "gan_core", "train", "{folder}", "--out={out}", f"--steps={work.steps}", "--device=cpu", *work.options())
    yield Command(ours(auto, auto=True), auto, (sys.executable, *train, "--set=precision=auto"))
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    size = (f"--steps={work.steps}", f"--warm={work.warm}", f"--size={work.size}", f"--batch={work.batch}")
    loop = (
        sys.executable,
        "-m",
        "benchmarks.training.plain_loop",
        "{folder}",
        "--out={out}",
        f"--steps={work.steps}",
        f"--warm={work.warm}",
        *work.options(),
    )
    torch = (sys.executable, str(SCRIPTS / "plain_torch.py"), "{folder}", "--out={out}", *size)
    keras = (str(KERAS), str(SCRIPTS / "plain_keras.py"), "{folder}", "--out={out}", *size)
    other = "fp32" if auto == "bf16" else "bf16"
    every = {
        "other format": Command(ours(other, auto=False), other, (sys.executable, *train, f"--set=precision={other}")),
        TWO: Command(TWO, auto, (*torchrun, *train, "--set=precision=auto")),
        PLAIN: Command(PLAIN, "fp32", torch),
        CHANNELS_LAST: Command(CHANNELS_LAST, "fp32", (*torch, "--channels-last")),
        KERAS_BF16: Command(KERAS_BF16, "bf16", (*keras, "--policy=mixed_bfloat16")),
        KERAS_FP32: Command(KERAS_FP32, "fp32", (*keras, "--policy=float32")),
        LOOP: Command(LOOP, "fp32", loop),
        LOOP_CHANNELS_LAST: Command(LOOP_CHANNELS_LAST, "fp32", (*loop, "--channels-last")),
    }
    for peer in work.peers:
        yield every[peer]
