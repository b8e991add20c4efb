"""Real networks on real pictures, made to fail in each way, get its name; runs that go well are not accused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_core.architectures import mlp
from gan_core.config import TrainConfig
from gan_core.events import Event, Losses, Verdict
from gan_core.images.store import ImageStore
from gan_core.players import Players
from gan_core.recipes import RECIPES, configure
from gan_core.train import train
from tests.gan_core.conftest import Prepare

TINY = {
    "architecture": "mlp",
    "width": 16,
    "height": 16,
    "generator_width": 4,
    "discriminator_width": 4,
    "batch_size": 8,
    "latent_size": 8,
    "precision": "fp32",
    "augmentation": "none",
    "score_samples": 0,
}
ACCUSATIONS = {"discriminator-strong", "generator-strong", "collapse", "class-collapse", "diverged", "memorising", "finished-improving"}

Watched = Callable[..., list[Verdict]]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks as small as these are quickest so."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def watched(tmp_path: Path, prepared: Prepare) -> Watched:
    """watched(archive, until="collapse", steps=600): the verdicts of a run with a sheet at every 50th step, at most until that one."""

    def run(
        archive: Path, *, until: str = "", count: int | None = None, every: int = 50, config: TrainConfig | None = None, **changes: Any
    ) -> list[Verdict]:
        config = config or TrainConfig.model_validate(TINY | changes)
        images = prepared(archive, config)
        if count is not None:
            images = ImageStore(images.images[:count], None, ())  # type: ignore[arg-type]
        events = train(config, images, tmp_path / "run", device="cpu")
        given: list[Verdict] = []
        event: Event = next(events)
        while True:
            if isinstance(event, Verdict):
                given.append(event)
                if event.kind == until:
                    return given
            try:
                event = events.send("sample" if isinstance(event, Losses) and event.step % every == 0 else None)
            except StopIteration:
                return given

    return run


def kinds(given: list[Verdict]) -> list[str]:
    assert all(verdict.evidence for verdict in given)
    return [verdict.kind for verdict in given]


def test_a_discriminator_that_learns_a_thousand_times_faster(watched: Watched, digits: Path) -> None:
    rates = {"discriminator_learning_rate": 0.01, "generator_learning_rate": 1e-5}
    given = watched(digits, until="discriminator-strong", steps=600, **rates)
    assert kinds(given) == ["early", "discriminator-strong"]
    assert given[-1].change is not None and given[-1].change.setting == "generator_learning_rate"


def test_a_discriminator_that_hardly_learns(watched: Watched, digits: Path) -> None:
    given = watched(digits, until="generator-strong", steps=600, discriminator_learning_rate=1e-6)
    assert kinds(given) == ["early", "generator-strong"]
    assert given[-1].change is not None and given[-1].change.setting == "discriminator_learning_rate"


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Latents have no effect on what the generator draws."""
    forward = mlp.Generator.forward

    def unheeding(self: mlp.Generator, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        return forward(self, torch.zeros_like(latents), labels)

    monkeypatch.setattr(mlp.Generator, "forward", unheeding)


@pytest.mark.usefixtures("deaf")
def test_a_generator_that_draws_one_picture(watched: Watched, digits: Path) -> None:
    assert kinds(watched(digits, until="collapse", steps=800))[-1] == "collapse"


@pytest.mark.usefixtures("deaf")
def test_a_generator_that_draws_one_picture_of_each_class(watched: Watched, digits: Path) -> None:
    given = watched(digits, until="class-collapse", steps=800, conditional=True, generator_learning_rate=1e-3, discriminator_learning_rate=1e-3)
    assert kinds(given)[-1] == "class-collapse"


def test_a_generator_that_does_the_opposite_of_learning(watched: Watched, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = Players._generator_losses

    def opposite(self: Players, *parts: Any) -> tuple[Tensor, Tensor | float]:
        loss, others = losses(self, *parts)
        return -loss, others

    monkeypatch.setattr(Players, "_generator_losses", opposite)
    given = watched(digits, until="discriminator-strong", steps=800, generator_learning_rate=1e-3, discriminator_learning_rate=1e-3)
    assert kinds(given) == ["early", "discriminator-strong"]


def test_eight_pictures_for_long(watched: Watched, dozen: Path) -> None:
    rates = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}
    given = watched(dozen, until="memorising", count=8, steps=1200, every=100, generator_width=16, discriminator_width=16, **rates)
    assert kinds(given) == ["early", "healthy", "memorising"]
    assert given[-1].change is not None and given[-1].change.setting == "augmentation"


def test_a_critic_without_limits(watched: Watched, digits: Path) -> None:
    free = {
        "objective": "wasserstein",
        "penalty": "gradient",
        "penalty_weight": 0.0,
        "discriminator_learning_rate": 0.1,
        "generator_learning_rate": 0.1,
    }
    given = watched(digits, until="diverged", steps=200, **free)
    assert kinds(given)[-1] == "diverged"
    assert "became infinite before step" in given[-1].text


def test_a_run_that_goes_well(watched: Watched, digits: Path) -> None:
    rates = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}
    assert kinds(watched(digits, steps=350, generator_width=16, discriminator_width=16, **rates)) == ["early", "healthy"]


NARROW = {"width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "batch_size": 8, "score_samples": 0, "precision": "fp32"}


@pytest.mark.parametrize("name", RECIPES)
def test_no_recipe_is_accused_at_its_start(name: str, watched: Watched, digits: Path, sprites: Path) -> None:
    """Narrow and small, with fewer steps of the discriminator."""
    recipe = RECIPES[name]
    fewer = {"discriminator_steps": min(2, recipe.config.discriminator_steps), "warmup_discriminator_steps": 0}
    config = configure(name, {**NARROW, **fewer, "steps": 48 if recipe.config.architecture == "dcgan" else 16})
    given = watched(digits if recipe.needs_classes or config.channels == "auto" else sprites, config=config, every=16)
    assert kinds(given)[0] == "early"
    assert not ACCUSATIONS & set(kinds(given))
