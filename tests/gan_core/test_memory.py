"""A batch that does not fit into memory is divided; a machine that really has too little says so."""

import platform
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan_core import memory
from gan_core.checkpoint import read
from gan_core.errors import OutOfMemory
from gan_core.events import Checkpoint, Losses, Note, Samples
from gan_core.players import Players
from gan_core.train import train
from tests.gan_core.forked import answer_of
from tests.gan_core.test_train import noise, of_kind, tiny


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pictures that a device has room for at once, as a list of one number. Where there are more, torch's own allocator is asked for too much."""
    limit = [1024]

    class Cramped(Players):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            for network in (self.generator, self.discriminator, self.mean.network):
                network.register_forward_pre_hook(fill)

    def fill(network: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if network.training and len(inputs[0]) > limit[0]:  # drawing a sheet keeps no graph
            torch.empty(2**50)

    monkeypatch.setattr("gan_core.state.Players", Cramped)
    return limit


def test_what_the_allocator_says_is_understood() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**50)
    assert memory.ran_out(refused.value)
    assert memory.ran_out(torch.OutOfMemoryError("CUDA out of memory.")) and memory.ran_out(MemoryError())
    assert not memory.ran_out(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) and not memory.ran_out(KeyError("memory"))


def test_a_batch_that_does_not_fit_is_divided(room: list[int], tmp_path: Path) -> None:
    room[0] = 2
    events = list(train(tiny(batch_size=8, sample_every_seconds=3600), noise(), tmp_path, device="cpu"))
    told = [note.message for note in of_kind(events, Note) if "memory" in note.message]
    assert [message.split(" parts of ")[1][:10] for message in told] == ["4 pictures", "2 pictures"]
    assert [point.step for point in of_kind(events, Losses)] == [1, 2, 3, 4]
    assert len(of_kind(events, Samples)) == 2


def test_a_resumed_run_knows_how_it_was_divided(room: list[int], tmp_path: Path) -> None:
    room[0] = 2
    config = tiny(batch_size=8, steps=6)
    *_, whole = train(config, noise(), tmp_path / "whole", device="cpu")
    events = train(config, noise(), tmp_path / "halves", device="cpu")
    next(event for event in events if isinstance(event, Losses) and event.step == 3)
    half = events.send("checkpoint")
    assert isinstance(half, Checkpoint) and isinstance(whole, Checkpoint)
    rest = list(train(config, noise(), tmp_path / "halves", resume=half.path, device="cpu"))
    assert not [note for note in of_kind(rest, Note) if "memory" in note.message]
    left, right = (read(checkpoint.path)[0] for checkpoint in (whole, rest[-1]))  # type: ignore[union-attr]
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_a_run_may_be_told_to_begin_divided(room: list[int], tmp_path: Path) -> None:
    room[0] = 2
    events = list(train(tiny(batch_size=8), noise(), tmp_path, device="cpu", parts=4))
    assert not [note for note in of_kind(events, Note) if "memory" in note.message]


def test_where_not_even_two_pictures_fit_the_run_ends_with_a_sentence(room: list[int], tmp_path: Path) -> None:
    room[0] = 1
    with pytest.raises(OutOfMemory, match="Take smaller pictures or narrower networks"):
        list(train(tiny(batch_size=8), noise(), tmp_path, device="cpu"))


def test_other_errors_are_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Players, *arguments: object) -> None:
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(Players, "step", broken)
    with pytest.raises(RuntimeError, match="a defect of ours"):
        list(train(tiny(), noise(), tmp_path, device="cpu"))


def test_what_is_available_is_less_than_what_there_is() -> None:
    whole = next(int(line.split()[1]) * 1024 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    assert 0 < memory.available(torch.device("cpu")) <= whole


def fresh_pages(keep: bool, answer: Connection) -> None:
    """How many the kernel had to give for thirty tensors of 64 MB, one after the other."""
    if keep:
        memory.keep_freed()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(30):
        torch.zeros(2**24)
    answer.send(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do not know it")
def test_memory_that_was_given_back_is_used_again() -> None:
    assert answer_of(fresh_pages, True) < answer_of(fresh_pages, False) / 5
