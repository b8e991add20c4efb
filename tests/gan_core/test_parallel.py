"""Several processes that train one run together learn what one process learns from the whole batch."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import distributed as dist
from torch import nn

from gan_core import parallel
from gan_core.batches import Batches
from gan_core.config import TrainConfig
from gan_core.errors import ConfigMismatch
from gan_core.follow import follow
from gan_core.images.store import ImageStore
from gan_core.penalties import slope_penalty
from gan_core.players import Players
from gan_core.recipes import configure
from gan_core.sampling import load
from gan_core.train import train
from tests.gan_core.conftest import Prepare
from tests.gan_core.forked import start

CPU = torch.device("cpu")
LITTLE: dict[str, Any] = {
    "steps": 4,
    "epochs": None,
    "width": 16,
    "height": 16,
    "generator_width": 4,
    "discriminator_width": 4,
    "latent_size": 8,
    "batch_size": 8,
    "precision": "fp32",
    "warmup_discriminator_steps": 0,
    "score_samples": 0,
}
TRICKS = {"augmentation": "diffaugment", "mirror": True, "flip_labels": 0.2, "real_label_low": 0.8, "instance_noise": 0.1}
CELLS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "normalised on both sides, label tricks": (None, {"discriminator_batch_norm": True, **TRICKS}),
    "perceptron": ("quick", {"architecture": "mlp"}),
    "gradient penalty, classes, dequantised": ("supervised", {"discriminator_steps": 2}),
    "minibatch deviation, noise, adaptive": ("style", {"batch_size": 16, "augmentation": "adaptive"}),
    "relativistic, two penalties": ("modern", {}),
    "few pictures": ("few-shot", {}),
    "weights clipped, in parts": ("satellite-wgan", {"accumulate": 2, "batch_size": 16}),
}
Learnt = tuple[list[list[float]], dict[str, npt.NDArray[Any]]]
"""Losses of each step, and everything that was learnt by name."""


def settled(name: str) -> TrainConfig:
    recipe, changes = CELLS[name]
    return configure(recipe, {**LITTLE, **changes})


def steps(config: TrainConfig, images: ImageStore) -> Learnt:
    batches = Batches(config, images, CPU)
    players = Players(config, images.images.shape[3], len(images.class_names), len(batches), CPU)
    losses = [players.step(number, batches).tolist() for number in range(1, config.steps + 1)]  # type: ignore[operator]
    return losses, {name: tensor.numpy().copy() for name, tensor in players.state().items()}


@contextmanager
def one_of_two(rank: int, meeting: str) -> Iterator[None]:
    """Two processes find each other by a file."""
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    with parallel.together(dist.FileStore(meeting, 2)):
        yield


def learn(rank: int, meeting: str, works: list[tuple[str, str]], ready: Connection) -> None:
    with one_of_two(rank, meeting):
        ready.send([steps(TrainConfig.model_validate_json(config), ImageStore.open(Path(store))) for config, store in works])


@pytest.mark.xdist_group("forked")
def test_two_processes_learn_what_one_learns_from_the_whole_batch(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    """In fp32 losses and weights are equal but for rounding; and the two have the same weights to the last bit."""
    configs = {name: settled(name) for name in CELLS}
    images = {name: prepared(digits, config) for name, config in configs.items()}
    works = [(configs[name].model_dump_json(), str(images[name].directory)) for name in CELLS]
    both = [start(learn, rank, str(tmp_path / "meeting"), works)[1] for rank in range(2)]
    told: list[list[Learnt]] = []
    for answers in both:
        assert answers.poll(120)
        told.append(answers.recv())
    for name, (losses, learnt), (others_losses, others) in zip(CELLS, *told, strict=True):
        assert losses == others_losses
        assert all(np.array_equal(learnt[key], others[key]) for key in learnt), name
        alone, expected = steps(configs[name], images[name])
        if "in parts" in name:
            continue  # a part's normalisation and numbers are its own
        np.testing.assert_allclose(losses, alone, rtol=1e-4, atol=1e-5, err_msg=name)
        for network in ("generator", "discriminator"):  # all at once: what a bias before normalisation learns is rounding alone
            mine, whole = (np.concatenate([np.ravel(of[key]) for key in of if key.startswith(f"{network}.")]) for of in (learnt, expected))
            assert np.linalg.norm(mine - whole) < 2e-3 * np.linalg.norm(whole), f"{name}: {network}"
        assert learnt.get("augmentation.probability") == expected.get("augmentation.probability")


def lead_or_follow(rank: int, meeting: str, config: str, store: str, out: str, ready: Connection) -> None:
    with one_of_two(rank, meeting):
        if rank:
            follow("cpu")
            ready.send([])
            return
        events = train(TrainConfig.model_validate_json(config), ImageStore.open(Path(store)), Path(out), device="cpu")
        ready.send([type(event).__name__ for event in events])


@pytest.mark.xdist_group("forked")
def test_the_first_process_draws_and_keeps_and_the_other_follows_until_the_end(digits: Path, prepared: Prepare, tmp_path: Path) -> None:
    config = configure("quick", LITTLE)
    images = prepared(digits, config)
    both = [
        start(lead_or_follow, rank, str(tmp_path / "meeting"), config.model_dump_json(), str(images.directory), str(tmp_path / "out"))
        for rank in range(2)
    ]
    told = []
    for _, answers in both:
        assert answers.poll(60)
        told.append(answers.recv())
    assert {"Samples", "Losses", "Checkpoint", "Progress"} <= set(told[0])
    assert told[1] == []
    alone = list(train(config, images, tmp_path / "alone", device="cpu"))
    assert alone[-1].path.name in {path.name for path in (tmp_path / "out").iterdir()}  # type: ignore[union-attr]


def test_shares_are_even_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure(None, LITTLE)
    monkeypatch.setattr(parallel, "size", lambda: 3)
    with pytest.raises(ConfigMismatch, match="A batch of 8 pictures cannot be shared out among 3 processes"):
        parallel.check(config)
    assert [parallel.most_processes(batch, 4) for batch in (1, 2, 4, 6, 7, 8, 64)] == [1, 1, 2, 3, 1, 4, 4]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_picture_belongs_to_one_process(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "size", lambda: size)
    found, first = [], []
    for rank in range(size):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        own = parallel.mine(torch.arange(12)).tolist()
        found += own
        first += own[: parallel.mine_of_first(5)]
    assert sorted(found) == list(range(12))
    assert sorted(first) == [0, 1, 2, 3, 4]


def test_joint_normalisation_of_one_share_is_the_usual_one_with_its_derivatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other processes: value, running statistics, first and second derivatives."""
    usual = nn.BatchNorm2d(3).double()
    joint = parallel._JointNorm.of(nn.BatchNorm2d(3).double())
    images = torch.randn(4, 3, 5, 5, dtype=torch.float64)
    found = []
    for norm in (usual, joint):
        network = nn.Sequential(norm, nn.Flatten(), nn.Linear(75, 1).double())
        nn.init.constant_(network[2].weight, 0.3)
        penalty = slope_penalty(lambda pictures, network=network: network(pictures.tanh()).square().flatten(), images)
        penalty.backward()
        found.append((penalty.detach(), norm.weight.grad, norm.running_mean, norm.running_var, norm.num_batches_tracked))
    for expected, other in zip(*found, strict=True):
        torch.testing.assert_close(other, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.timeout(120)
def test_torchrun_trains_by_the_command_line(digits: Path, tmp_path: Path) -> None:
    """The folder that it leaves is that of one process, once."""
    options = [f"--set={name}={value}" for name, value in LITTLE.items() if value is not None and name != "steps"]
    command = ["-m", "gan_core", "train", str(digits), "--out", str(tmp_path / "run"), "--recipe=quick", "--steps=6", "--device=cpu", *options]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*torchrun, *command], env={**os.environ, "GLOO_SOCKET_IFNAME": "lo"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Step 6. Weights:") == 1
    assert load(tmp_path / "run" / "weights.safetensors").generate(2, seed=1).shape == (2, 16, 16, 1)
