"""What the loop, the sampler and the portal rely on in every architecture: checks that take a case and fail with an assertion.

`test_contract.py` runs them on the architectures there are, `test_add_an_architecture.py` on the example of the documentation.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gan_core import architectures
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.export import WeightsMeta, save_weights
from gan_core.images.store import ImageStore
from gan_core.layers import Judgement
from gan_core.onnx_export import export_onnx
from gan_core.players import Players
from gan_core.sampling import LoadedGenerator, load, noise_size, render, seeded_inputs

CPU = torch.device("cpu")
SIZES = ((16, 16), (28, 28), (64, 64), (75, 100), (33, 17), (300, 300))
"""(width, height)"""
CHANNELS = (3, 1, 4)
METHODS = ("", "projection", "concatenation", "auxiliary")
"""Of showing the class to the discriminator; none without classes."""
CLASSES = 3
COUNT = 4


@dataclass(frozen=True)
class Case:
    name: str
    size: tuple[int, int] = (16, 16)
    channels: int = 3
    method: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.size[0]}x{self.size[1]}-{self.channels}-{self.method or 'unlabelled'}"

    @property
    def classes(self) -> int:
        return CLASSES if self.method else 0

    @property
    def labels(self) -> Tensor | None:
        return torch.arange(COUNT) % CLASSES if self.method else None

    def config(self, **values: object) -> TrainConfig:
        classes = {"conditional": True, "class_method": self.method} if self.method else {}
        size = {"width": self.size[0], "height": self.size[1], "generator_width": 4, "discriminator_width": 4, "latent_size": 8}
        base = {"steps": 2, "architecture": self.name, "batch_size": COUNT, "augmentation": "none", "precision": "fp32"}
        return TrainConfig.model_validate({**base, **size, **classes, **values})

    def players(self, **values: object) -> Players:
        return Players(self.config(**values), self.channels, self.classes, 6, CPU)

    def images(self) -> ImageStore:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (6, *self.size[::-1], self.channels), dtype=np.uint8)
        labels = np.arange(6) % CLASSES if self.method else None
        return ImageStore(images, labels, tuple("abc"[: self.classes]))  # type: ignore[arg-type]


def cases(name: str) -> list[Case]:
    """Every pair of size, colours and classes once, up to the architecture's largest size; the largest pictures are too slow for all."""
    grid = [Case(name, size, CHANNELS[(at + turn) % len(CHANNELS)], method) for at, size in enumerate(SIZES) for turn, method in enumerate(METHODS)]
    largest = architectures.describe(name).max_size
    return [case for case in grid if max(case.size) <= largest and (max(case.size) <= 100 or case.method == "projection")]


def moved(network: nn.Module, *given: Tensor | None) -> nn.Module:
    """The network as if it had learnt something, since what starts at zero has no effect yet; with the statistics that belong to its weights."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
        for _ in range(8):
            network(*given)
    return network.eval()


def inputs(network: nn.Module, case: Case) -> tuple[Tensor | None, ...]:
    """Latents, labels, and noise if the network takes any."""
    size = noise_size(network)
    return (torch.randn(COUNT, 8), case.labels, *([torch.randn(COUNT, size)] if size else []))


def check_pictures_and_judgements(case: Case) -> None:
    """Shapes, range, and a finite gradient for every parameter of both networks through all that a judgement holds.

    While it learns, a generator may leave the range; what it draws may not.
    """
    pair = case.players()
    with torch.no_grad():
        shown = pair.generator.eval()(*inputs(pair.generator, case))
    assert shown.min() >= -1 and shown.max() <= 1
    drawn = pair.generator.train()(*inputs(pair.generator, case))
    assert shown.shape == drawn.shape == (COUNT, case.channels, *case.size[::-1])
    judgement: Judgement = pair.discriminator(drawn, case.labels)
    assert len(judgement.logits) == COUNT and judgement.logits.ndim in (1, 2)
    loss = judgement.logits.float().mean()
    assert (judgement.classes is not None) == (case.method == "auxiliary")
    if judgement.classes is not None and case.labels is not None:
        assert judgement.classes.shape == (COUNT, CLASSES)
        loss = loss + cross_entropy(judgement.classes, case.labels)
    if judgement.reconstruct is not None:
        for picture, original in judgement.reconstruct():
            assert picture.shape == original.shape and picture.shape[:2] == (COUNT, case.channels)
            assert all(array.min() >= -1 and array.max() <= 1 for array in (picture, original))
            loss = loss + (picture - original).abs().mean()
    loss.backward()
    for name, parameter in [*pair.generator.named_parameters(), *pair.discriminator.named_parameters()]:
        assert parameter.grad is not None, f"{name} gets no gradient"
        assert parameter.grad.isfinite().all(), f"the gradient of {name} is not finite"


def check_a_step(case: Case, **values: object) -> None:
    """One real training step changes both networks, and everything stays finite."""
    pair = case.players(**values)
    networks = (pair.generator, pair.discriminator)
    before = [[parameter.detach().clone() for parameter in network.parameters()] for network in networks]
    losses = pair.step(1, Batches(pair.config, case.images(), CPU))
    assert all(loss.isfinite() for loss in losses)
    for network, old in zip(networks, before, strict=True):
        assert any(not torch.equal(parameter, was) for parameter, was in zip(network.parameters(), old, strict=True))
        assert all(parameter.isfinite().all() for parameter in network.parameters())


def check_resume(case: Case) -> None:
    """Restored from its state after a step, a run goes on bit for bit."""
    straight, resumed = case.players(), case.players(seed=0)
    batches = Batches(straight.config, case.images(), CPU)
    straight.step(1, batches)
    resumed.restore({name: tensor.clone() for name, tensor in straight.state().items()})
    assert torch.equal(straight.step(2, batches), resumed.step(2, batches))
    ahead = resumed.state()
    assert all(torch.equal(tensor, ahead[name]) for name, tensor in straight.state().items())


def check_reload(case: Case, path: Path) -> None:
    """The generator's file draws what the generator drew."""
    pair, images = case.players(), case.images()
    moved(pair.generator, *inputs(pair.generator, case))
    save_weights(pair.generator, pair.config, path, WeightsMeta(case.channels, images.class_names, 1, len(images)))
    reloaded = load(path)
    assert (reloaded.channels, reloaded.class_names, reloaded.step, reloaded.config) == (case.channels, images.class_names, 1, pair.config)
    turns = torch.arange(3) % case.classes if case.classes else None
    expected = render(pair.generator, pair.config, seeded_inputs(pair.config, 3, 5, turns), CPU)
    apart = np.abs(reloaded.generate(3, seed=5).astype(int) - expected)
    assert apart.max() <= 1 and apart.mean() < 1e-2, (apart.max(), apart.mean())  # rounding, as memory is laid out otherwise


@torch.no_grad()
def check_pictures_alone(case: Case) -> None:
    """The same inputs give the same picture, alone as in a batch; a picture differs from the next."""
    network = case.players().generator
    given = inputs(network, case)
    moved(network, *given)
    together = network(*given)
    assert torch.equal(network(*given), together)
    alone = torch.cat([network(*(None if part is None else part[at : at + 1] for part in given)) for at in range(COUNT)])
    assert (alone - together).abs().max() < 1e-3  # a step of brightness is eight times as much
    assert (together[0] - together[3]).abs().max() > 1e-3  # both are of the first class


@torch.no_grad()
def check_noise(case: Case) -> None:
    """Where noise is declared it changes the picture, and without it there is one, too."""
    network = case.players().generator
    latents, labels, *noise = inputs(network, case)
    moved(network, latents, labels, *noise)
    if noise:
        drawn = network(latents, labels, noise[0])
        assert not torch.equal(drawn, network(latents, labels, torch.randn(COUNT, noise_size(network))))
        assert torch.equal(network(latents, labels, None), network(latents, labels))
        assert torch.equal(network(latents, labels), network(latents, labels, torch.zeros(COUNT, noise_size(network))))
    else:
        assert "noise" not in network.forward.__code__.co_varnames


@torch.no_grad()
def check_style(case: Case) -> None:
    """A mapping network and what it steers are together the generator."""
    network = case.players().generator
    latents, labels, *noise = inputs(network, case)
    moved(network, latents, labels, *noise)
    styles = network.style(latents, labels)
    assert styles.ndim == 2 and len(styles) == COUNT
    assert torch.equal(network.draw(styles, *noise), network(latents, labels, *noise))


@torch.no_grad()
def check_classes(case: Case) -> None:
    """The class changes the picture, and what the discriminator says of it unless that guesses the class itself."""
    pair = case.players()
    generator = moved(pair.generator, *inputs(pair.generator, case))
    discriminator = moved(pair.discriminator, torch.rand(COUNT, case.channels, *case.size[::-1]), case.labels)
    latents, every = torch.randn(1, 8).expand(CLASSES, -1), torch.arange(CLASSES)
    one, other, _ = generator(latents, every)
    assert not torch.equal(one, other)
    judgements = discriminator(one.expand(CLASSES, -1, -1, -1), every).logits
    assert ((judgements[0] - judgements[1]).abs().max() < 1e-5) == (case.method == "auxiliary")


@torch.no_grad()
def check_variety(case: Case) -> None:
    """At first pictures differ more by their latents than by their classes. Where it is the other way round, each class gets one picture only."""
    generator = case.players(generator_width=16, latent_size=64).generator
    count, classes = 32, torch.arange(CLASSES)
    latents = torch.randn(count, 64).repeat_interleave(CLASSES, 0)
    drawn = generator(latents, classes.repeat(count)).reshape(count, CLASSES, -1)
    assert drawn.var(dim=0).mean() > 2 * drawn.var(dim=1).mean()


def check_widths(case: Case) -> None:
    """Each width makes its own network larger, and leaves the other as it is."""
    pairs = [case.players(), case.players(generator_width=8), case.players(discriminator_width=8)]
    drawing, judging = ([sum(p.numel() for p in network.parameters()) for network in side] for side in _sides(pairs))
    assert drawing[1] > drawing[0] == drawing[2]
    assert judging[2] > judging[0] == judging[1]


def _sides(pairs: list[Players]) -> tuple[list[nn.Module], list[nn.Module]]:
    return [pair.generator for pair in pairs], [pair.discriminator for pair in pairs]


OTHER_VALUES = {"kernel_size": 5, "dense_head": 10, "dropout": 0.5, "discriminator_batch_norm": False}
"""For each setting that not every architecture has, a value other than the usual."""


def check_setting(case: Case, setting: str) -> None:
    """A setting that the architecture declares alters its discriminator, and one that it does not leaves it as it is."""
    plain = architectures.load(case.name).Discriminator(case.config(), case.channels)
    changed = case.config().model_copy(update={setting: OTHER_VALUES[setting]})  # a copy is not checked: the grid refuses what is not declared
    other = architectures.load(case.name).Discriminator(changed, case.channels)
    assert (str(plain) == str(other)) == (setting not in architectures.describe(case.name).settings)


def check_description(name: str) -> None:
    """The portal has something to show."""
    about = architectures.describe(name)
    assert about.title and about.description.endswith(".")
    assert about.max_size >= 16
    assert about.settings <= architectures.OPTIONAL == OTHER_VALUES.keys()


def check_onnx(case: Case, path: Path) -> None:
    """The generator can be written as ONNX and draws the same there, for any number of pictures."""
    pair, images = case.players(), case.images()
    moved(pair.generator, *inputs(pair.generator, case))
    meta = WeightsMeta(case.channels, images.class_names, 1, len(images))
    assert export_onnx(LoadedGenerator(pair.generator, pair.config, meta, CPU), path) < 1e-4
    assert path.exists()
