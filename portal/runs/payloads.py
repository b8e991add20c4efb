"""What the REST API answers and the live stream sends about a run: the same dicts, ready for JSON, addresses without host."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from portal.runs.models import LossPoint, Run, Sample, Score, Status
from portal.runs.serializers import LOSS_VALUES, RunSerializer, SampleSerializer, ScoreSerializer, loss_table

SHEET = SampleSerializer()
"""One for all sheets: to make a serializer takes ten times as long as to use it, and a wall has two dozen."""
RUN = RunSerializer()
"""One for all runs that do not wait: a run at work is told to its pages every second. One that waits has the queue read into its serializer."""


def run_payload(run: Run) -> dict[str, Any]:
    """A run as in `GET runs/<id>/`; the same for everybody who may see it."""
    return dict((RunSerializer() if run.status == Status.QUEUED else RUN).to_representation(run))


def sample_payload(sample: Sample) -> dict[str, Any]:
    """A sheet as in `GET runs/<id>/samples/`."""
    return dict(SHEET.to_representation(sample))


def score_payload(score: Score, best: bool) -> dict[str, Any]:
    """A score as in `GET runs/<id>/scores/`; `best`: there is no better one so far."""
    return dict(ScoreSerializer(score, context={"best_step": score.step if best else None}).data)


def losses_payload(points: Sequence[LossPoint]) -> dict[str, Any]:
    """Loss points, in order of steps, as in `GET runs/<id>/losses/`."""
    columns, rows = loss_table(map(attrgetter(*LOSS_VALUES), points))
    return {"columns": columns, "points": rows}


def rewound_payload(step: int, message: str, rewinds: int) -> dict[str, Any]:
    """Training goes on from `step` (-1: it begins anew): points and sheets of later steps no longer hold, and come again."""
    return {"step": step, "message": message, "rewinds": rewinds}


def log_payload(text: str) -> dict[str, Any]:
    """Lines of the process's log as in `GET runs/<id>/log/`."""
    return {"lines": text.splitlines()}
