"""Sheets of one class: from the owner's wish to the row."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from gan_core.events import ClassSheet, Samples
from portal.runs import control
from portal.runs.models import Run
from portal.runs.payloads import sample_payload
from tests.worker.recording import files, sheet
from worker import returns
from worker.record import Recorder
from worker.wishes import take_sheet_wish

NAMES = ("cats", "dogs", "owls")


@pytest.fixture
def recorder(run: Run) -> Recorder:
    recorder = Recorder(run, 1, lambda step, scores: "", NAMES)
    yield recorder
    recorder.abandon()


def tiles(step: int, label: int | None, row_labels: tuple[int, ...]) -> Samples:
    return Samples(step, 0.0, np.full((6, 16, 16, 1), 7, np.uint8), 2, 3, 1, row_labels, label)


def test_rows_bear_the_names_of_their_classes(run: Run, recorder: Recorder) -> None:
    recorder.record(tiles(5, None, (0, 1, 2)))
    recorder.close()
    assert sample_payload(run.samples.get())["row_labels"] == ["cats", "dogs", "owls"]


def test_without_classes_rows_bear_none(run: Run, recorder: Recorder) -> None:
    recorder.record(sheet(5))
    recorder.close()
    told = sample_payload(run.samples.get())
    assert (told["row_labels"], told["label"]) == ([], None)


def test_a_sheet_of_one_class_stands_beside_the_series(run: Run, recorder: Recorder) -> None:
    recorder.record(tiles(5, None, (0, 1, 2)))
    for label in (2, 0, 2):  # the last one is there already
        recorder.record(tiles(5, label, (label,) * 3))
    recorder.close()
    assert list(run.samples.series().values_list("step", "label")) == [(5, None)]
    own = run.samples.exclude(label=None).order_by("label")
    assert [(one.label, one.row_labels, sample_payload(one)["label"]) for one in own] == [(0, ["cats"] * 3, "cats"), (2, ["owls"] * 3, "owls")]
    assert files(run) == sorted(f"{run.directory}/samples/5-1{kind}.webp" for kind in ("", "-class0", "-class2"))


def test_a_sheet_of_one_class_is_no_news_for_the_gallery(run: Run, recorder: Recorder) -> None:
    earlier = timezone.now() - timedelta(hours=1)
    Run.objects.filter(pk=run.pk).update(last_sampled=earlier)
    recorder.record(tiles(5, 1, (1, 1, 1)))
    recorder.drain()
    run.refresh_from_db()
    assert run.last_sampled == earlier


def test_wishes_are_taken_one_after_the_other(run: Run) -> None:
    for label in (2, 0, 2):
        control.sample_class(run, run.owner, label)
    control.sample(run, run.owner)
    taken = [take_sheet_wish(run.pk, 1) for _ in range(4)]
    assert taken == ["sample", ClassSheet(2), ClassSheet(0), None]
    run.refresh_from_db()
    assert (run.sample_wanted, run.class_sheets_wanted) == (False, [])


def test_an_attempt_that_no_longer_holds_the_run_takes_no_wish(run: Run) -> None:
    control.sample_class(run, run.owner, 1)
    returns.give_back(run, 1, "The worker was thought dead")
    assert take_sheet_wish(run.pk, 1) is None
    run.refresh_from_db()
    assert run.class_sheets_wanted == [1]
