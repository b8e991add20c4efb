"""Old sheets of a long run are thinned: few enough stay, at ever wider distances, and what is liked or best stays."""

from math import log
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.accounts.quota import usage
from portal.runs import keeping
from portal.runs.models import Run
from tests.worker.recording import checkpoint, files, scores, sheet
from worker import returns
from worker.fence import Superseded
from worker.record import Recorder
from worker.thinning import surplus


@settings(deadline=None, max_examples=40)
@given(keep=st.integers(10, 60), gaps=st.lists(st.integers(1, 30), min_size=1, max_size=400))
def test_few_stay_without_large_holes_however_long_it_goes_on(keep: int, gaps: list[int]) -> None:
    """As in a run: one more sheet, then one too many goes. All that is asked for is there, for only that is handed in."""
    drawn, kept = [0], [0]
    for gap in gaps:
        drawn.append(drawn[-1] + gap)
        kept.append(drawn[-1])
        gone = surplus(kept, keep)
        assert set(gone) <= set(kept)
        kept = [step for step in kept if step not in gone]
        assert len(kept) == min(len(drawn), keep)
        assert kept[0] == 0
        assert kept[-(keep // 2) :] == drawn[-(keep // 2) :]
    last, neighbours = drawn[-1], dict(zip(drawn, drawn[1:], strict=False))
    for older, newer in zip(kept, kept[1:], strict=False):
        if neighbours[older] != newer:
            assert newer - older <= (last - older) * 2 * log(last) / (keep / 2), (older, newer)


def test_the_distances_grow_with_age() -> None:
    gone = set(surplus(range(20_000), 400))
    kept = [step for step in range(20_000) if step not in gone]
    assert len(kept) == 400
    holes = [(newer - older) / (19_999 - older) for older, newer in zip(kept[:200], kept[1:201], strict=True)]
    assert max(holes) < 2 * log(20_000 / 200) / 200 * 1.5
    assert kept[1] - kept[0] > 20 * (kept[195] - kept[194])


@pytest.fixture
def few(settings: Any) -> None:
    settings.GANVAS_KEEP_SHEETS = 10


def steps(run: Run) -> list[int]:
    return list(run.samples.order_by("step").values_list("step", flat=True))


def draw(recorder: Recorder, first: int, last: int) -> None:
    for step in range(first, last + 1):
        recorder.record(sheet(step))
    recorder.drain()


def test_rows_and_files_go_but_not_what_is_liked_best_or_kept(run: Run, recorder: Recorder, tmp_path: Path, few: None) -> None:
    recorder.record(scores(3, 0.1))
    recorder.record(checkpoint(3, tmp_path, best=True))
    recorder.record(checkpoint(6, tmp_path))
    draw(recorder, 0, 9)
    keeping.pin(run, 6)
    keeping.favour(run, run.owner, run.samples.get(step=4).pk, 1)
    before = usage(run.owner)["storage_bytes"]
    draw(recorder, 10, 40)
    found = steps(run)
    assert {0, 3, 4, 6, *range(36, 41)} <= set(found)
    assert len(found) == 13, "Ten, and the three that stay besides"
    assert len([name for name in files(run) if "/samples/" in name]) == 13
    assert usage(run.owner)["storage_bytes"] < before + 4 * run.samples.first().bytes
    run.refresh_from_db()
    assert run.stored == sum(run.samples.values_list("bytes", flat=True)) + sum(run.artifacts.values_list("bytes", flat=True))


def test_an_attempt_that_lost_the_run_thins_nothing(run: Run, recorder: Recorder, few: None) -> None:
    draw(recorder, 0, 9)
    returns.give_back(run, 1, "The worker was thought dead")
    before = files(run)
    with pytest.raises(Superseded):
        draw(recorder, 10, 20)
    assert steps(run) == list(range(10))
    assert files(run) == before


def test_kept_checkpoints_stay_until_they_are_released(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    def save(*at: int) -> set[int]:
        for step in at:
            recorder.record(checkpoint(step, tmp_path))
        recorder.drain()
        return set(run.artifacts.filter(kind="checkpoint").values_list("step", flat=True))

    save(1, 2)
    assert keeping.pin(run, 2)
    save(2)  # stored once more, because it was scored
    assert save(3, 4, 5) == {2, 4, 5}
    assert run.artifacts.filter(step=2, pinned=True).count() == 3, "Its weights and its card, too"
    keeping.unpin(run, 2)
    assert save(6) == {5, 6}
    assert not [name for name in files(run) if "-2-" in name]
    with pytest.raises(keeping.NothingThere):
        keeping.pin(run, 2)
