"""Training that falls apart and goes back: nothing of the later steps is left, anywhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gan_core.events import Losses, Rewound
from portal.runs.models import Run
from tests.processes import Broker
from tests.worker.recording import checkpoint, files, loss, progress, sheet, verdict
from worker import returns
from worker.claim import claim_next
from worker.record import Recorder
from worker.rewind import rewind

MESSAGE = "The losses became infinite at step 8. We went back to the checkpoint at step 5."


@pytest.fixture
def heard(run: Run, broker: Broker) -> Iterator[Any]:
    """What open pages are told from now on: call it for [(event, data)]."""
    subscription = broker.client().pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(f"ganvas:run:{run.pk}")
    subscription.get_message(timeout=5)

    def so_far() -> list[tuple[str, Any]]:
        found = []
        while (message := subscription.get_message(timeout=0.3)) is not None:
            told = json.loads(message["data"])
            found.append((told["event"], told["data"]))
        return found

    yield so_far
    subscription.close()


def eight_steps(recorder: Recorder, directory: Path) -> None:
    """A checkpoint at step 5, all stored; a later one at step 7."""
    for step in range(1, 9):
        recorder.record(loss(step))
        if step in (5, 7):
            recorder.record(sheet(step))
            recorder.record(checkpoint(step, directory))
            recorder.drain()


def test_rows_and_files_of_later_steps_are_gone(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    eight_steps(recorder, tmp_path)
    recorder.record(Rewound(5, MESSAGE))
    recorder.close()
    assert list(run.losses.values_list("step", flat=True)) == [1, 2, 3, 4, 5]
    assert list(run.samples.values_list("step", flat=True)) == [5]
    assert set(run.artifacts.values_list("kind", "step")) == {("checkpoint", 5)}
    assert files(run) == [f"{run.directory}/checkpoint-5-1.safetensors", f"{run.directory}/samples/5-1.webp"]
    run.refresh_from_db()
    assert (run.step, run.rewinds) == (5, 1)
    assert run.stored == run.samples.get().bytes + run.artifacts.get().bytes > 0


def test_points_that_were_not_yet_stored_are_dropped_as_well(run: Run, recorder: Recorder) -> None:
    for step in (1, 2, 3, 4):
        recorder.record(loss(step))
    recorder.record(Rewound(2, MESSAGE))
    recorder.record(loss(3))
    recorder.close()
    assert list(run.losses.values_list("step", flat=True)) == [1, 2, 3]


def test_the_steps_come_again_with_their_sheets(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    eight_steps(recorder, tmp_path)
    before = run.samples.get(step=7).pk
    recorder.record(Rewound(5, MESSAGE))
    for step in (6, 7):
        recorder.record(loss(step))
    recorder.record(sheet(7))
    recorder.record(checkpoint(7, tmp_path))
    recorder.drain()
    recorder.close()
    assert list(run.losses.values_list("step", flat=True)) == [1, 2, 3, 4, 5, 6, 7]
    assert run.samples.get(step=7).pk != before
    assert len(files(run)) == len(set(files(run))) == run.samples.count() + run.artifacts.count()


def test_the_history_and_the_page_say_what_happened(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    eight_steps(recorder, tmp_path)
    recorder.record(Rewound(5, MESSAGE))
    recorder.drain()
    move = run.transitions.first()
    assert (move.frm, move.to, move.reason, move.step) == ("running", "running", MESSAGE, 5)
    recorder.record(verdict(5, "diverged"))
    recorder.close()
    run.refresh_from_db()
    assert run.verdict["kind"] == "diverged"
    assert run.transitions.filter(frm="running", to="running").count() == 1, "told once"


def test_open_pages_hear_of_it_before_the_steps_come_again(run: Run, recorder: Recorder, tmp_path: Path, heard: Any) -> None:
    eight_steps(recorder, tmp_path)
    recorder.drain()
    heard()
    recorder.record(Rewound(5, MESSAGE))
    recorder.record(loss(6))
    recorder.close()
    told = heard()
    assert told[0] == ("rewound", {"step": 5, "message": MESSAGE, "rewinds": 1})
    assert [point[0] for event, data in told if event == "losses" for point in data["points"]] == [6]
    assert next(data for event, data in told if event == "status")["rewinds"] == 1


def test_back_to_the_very_start_the_first_sheet_stays(run: Run, recorder: Recorder) -> None:
    for step in (0, 1):
        recorder.record(sheet(step))
    recorder.record(loss(1))
    recorder.record(Rewound(0, MESSAGE))
    recorder.close()
    assert list(run.samples.values_list("step", flat=True)) == [0]
    assert not run.losses.exists()


def test_another_process_that_goes_back_tells_the_pages_too(run: Run, recorder: Recorder, tmp_path: Path, heard: Any) -> None:
    eight_steps(recorder, tmp_path)
    recorder.close()
    returns.give_back(run, 1, "The worker was thought dead")
    heard()
    rewind(claim_next("two"), 2, tmp_path)
    assert [data for event, data in heard() if event == "rewound"] == [{"step": 7, "message": "Goes on from its last checkpoint.", "rewinds": 1}]


def test_a_process_that_loses_nothing_tells_nothing(run: Run, recorder: Recorder, tmp_path: Path, heard: Any) -> None:
    recorder.record(loss(5))
    recorder.record(progress(5))
    recorder.record(checkpoint(5, tmp_path))
    recorder.drain()
    recorder.close()
    returns.give_back(run, 1, "The worker is shutting down")
    heard()
    rewind(claim_next("two"), 2, tmp_path)
    assert "rewound" not in [event for event, _ in heard()]
    run.refresh_from_db()
    assert run.rewinds == 0


def test_a_trainer_that_really_falls_apart(run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a weight that is not a number to the tables: every step once, and the checkpoint that it went back to still there."""
    import torch

    from gan_core.players import Players
    from gan_core.train import train
    from tests.gan_core.test_train import noise, tiny

    step, poisoned = Players.step, [6]

    def spoilt(self: Players, number: int, batches: Any) -> Any:
        losses = step(self, number, batches)
        if number in poisoned:
            poisoned.remove(number)
            with torch.no_grad():
                next(self.generator.parameters()).view(-1)[0] = torch.nan
        return losses

    monkeypatch.setattr(Players, "step", spoilt)
    events = train(tiny(steps=9), noise(), tmp_path, device="cpu")
    wanted = ["checkpoint"]
    event = next(events)
    while event is not None:
        recorder.record(event)
        recorder.drain()
        try:
            event = events.send(wanted.pop() if wanted and isinstance(event, Losses) and event.step == 4 else None)
        except StopIteration:
            event = None
    recorder.close()
    assert list(run.losses.values_list("step", flat=True)) == list(range(1, 10))
    assert list(run.samples.values_list("step", flat=True)) == [0, 9]
    assert list(run.artifacts.filter(kind="checkpoint").order_by("step").values_list("step", flat=True)) == [4, 9]
    run.refresh_from_db()
    assert (run.step, run.verdict["kind"], run.verdict["level"]) == (9, "diverged", "bad")
    assert "step 4" in run.transitions.first().reason
