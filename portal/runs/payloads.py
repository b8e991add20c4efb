"""What the REST API answers and the live stream sends about a run: the same dicts, ready for JSON, addresses without host."""

from collections.abc import Sequence
from typing import Any

from portal.runs.models import LossPoint, Run, Sample, Score
from portal.runs.serializers import RunSerializer, SampleSerializer, ScoreSerializer, loss_columns, loss_row


def run_payload(run: Run) -> dict[str, Any]:
    """A run as in `GET runs/<id>/`; the same for everybody who may see it."""
    return dict(RunSerializer(run).data)


def sample_payload(sample: Sample) -> dict[str, Any]:
    """A sheet as in `GET runs/<id>/samples/`."""
    return dict(SampleSerializer(sample).data)


def score_payload(score: Score, best: bool) -> dict[str, Any]:
    """A score as in `GET runs/<id>/scores/`; `best`: there is no better one so far."""
    return dict(ScoreSerializer(score, context={"best_step": score.step if best else None}).data)


def losses_payload(points: Sequence[LossPoint]) -> dict[str, Any]:
    """Loss points, in order of steps, as in `GET runs/<id>/losses/`."""
    columns = loss_columns(points)
    return {"columns": columns, "points": [loss_row(point, columns) for point in points]}


def rewound_payload(step: int, message: str, rewinds: int) -> dict[str, Any]:
    """Training goes on from `step` (-1: it begins anew): points and sheets of later steps no longer hold, and come again."""
    return {"step": step, "message": message, "rewinds": rewinds}


def log_payload(text: str) -> dict[str, Any]:
    """Lines of the process's log as in `GET runs/<id>/log/`."""
    return {"lines": text.splitlines()}
