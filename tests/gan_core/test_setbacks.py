"""Training that falls apart: back to the last checkpoint at half the learning rates, twice at most."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from gan_core.batches import Batches
from gan_core.checkpoint import read
from gan_core.errors import Diverged
from gan_core.events import Checkpoint, Event, Losses, Rewound, Samples
from gan_core.players import Players
from gan_core.train import train
from tests.gan_core.test_train import noise, of_kind, tiny

Poison = Callable[..., None]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    """poison(5, 7): when a step of that number is done for the first time, one weight of the generator is not a number."""

    def prepare(*steps: int) -> None:
        left, step = list(steps), Players.step

        def spoilt(self: Players, number: int, batches: Batches) -> tuple[torch.Tensor, torch.Tensor]:
            losses = step(self, number, batches)
            if number in left:
                left.remove(number)
                with torch.no_grad():
                    next(self.generator.parameters()).view(-1)[0] = torch.nan
            return losses

        monkeypatch.setattr(Players, "step", spoilt)

    return prepare


def run_with_checkpoint_at(step: int, events: Iterator[Event]) -> list[Event]:
    """All events, a checkpoint having been asked for at that step for the first time it is reached."""
    found = [next(events)]
    asked = False
    while True:
        wish = None
        if not asked and isinstance(found[-1], Losses) and found[-1].step == step:
            asked, wish = True, "checkpoint"
        try:
            found.append(events.send(wish))  # type: ignore[attr-defined]
        except StopIteration:
            return found


def test_it_goes_back_to_the_last_checkpoint_at_half_the_rate(poison: Poison, tmp_path: Path) -> None:
    poison(6)
    events = run_with_checkpoint_at(4, train(tiny(steps=9), noise(), tmp_path, device="cpu"))
    (rewound,) = of_kind(events, Rewound)
    assert rewound.step == 4 and "step 4" in rewound.message and "at half the learning rates" in rewound.message
    after = events[events.index(rewound) :]
    assert [point.step for point in of_kind(after, Losses)] == [5, 6, 7, 8, 9]
    assert isinstance(events[-1], Checkpoint) and events[-1].step == 9
    _, metadata = read(events[-1].path)
    assert (metadata["rate_share"], metadata["setbacks"]) == ("0.5", "1")


def test_without_a_checkpoint_it_starts_afresh(poison: Poison, tmp_path: Path) -> None:
    poison(3)
    events = list(train(tiny(steps=5), noise(), tmp_path, device="cpu"))
    (rewound,) = of_kind(events, Rewound)
    assert rewound.step == 0 and "the start" in rewound.message
    after = events[events.index(rewound) :]
    assert [point.step for point in of_kind(after, Losses)] == [1, 2, 3, 4, 5]
    assert [sheet.step for sheet in of_kind(events, Samples)] == [0, 5]


def test_the_rate_is_really_halved(poison: Poison, tmp_path: Path) -> None:
    """After going back to the start, the run equals one that was configured with half the rates."""
    poison(3)
    fallen = list(train(tiny(steps=5), noise(), tmp_path / "fallen", device="cpu"))
    half = tiny(steps=5, generator_learning_rate=1e-4, discriminator_learning_rate=1e-4)
    slow = list(train(half, noise(), tmp_path / "slow", device="cpu"))
    points = [(point.step, point.discriminator, point.generator) for point in of_kind(fallen, Losses)][-5:]
    assert points == [(point.step, point.discriminator, point.generator) for point in of_kind(slow, Losses)]


def test_twice_is_forgiven_and_the_third_time_is_the_end(poison: Poison, tmp_path: Path) -> None:
    poison(2, 2, 2)
    events = train(tiny(steps=5), noise(), tmp_path, device="cpu")
    seen: list[Event] = []
    with pytest.raises(Diverged, match="fell apart before step .* again, though the learning rates had been halved"):
        seen.extend(iter(lambda: next(events), None))
    assert not list(tmp_path.glob("checkpoint-*"))


def test_setbacks_are_counted_over_interruptions(poison: Poison, tmp_path: Path) -> None:
    poison(2, 2, 5)
    events = run_with_checkpoint_at(4, train(tiny(steps=4), noise(), tmp_path, device="cpu"))
    assert len(of_kind(events, Rewound)) == 2
    last = events[-1]
    assert isinstance(last, Checkpoint)
    with pytest.raises(Diverged):
        list(train(tiny(steps=9), noise(), tmp_path, resume=last.path, device="cpu"))


def test_what_has_fallen_apart_is_never_kept(poison: Poison, tmp_path: Path) -> None:
    """A weight that went wrong in the very step before a checkpoint is found, although the losses do not show it yet."""
    poison(4)
    events = run_with_checkpoint_at(4, train(tiny(steps=6), noise(), tmp_path, device="cpu"))
    assert len(of_kind(events, Rewound)) == 1
    for path in tmp_path.glob("*.safetensors"):
        assert all(tensor.isfinite().all() for tensor in read(path)[0].values())
