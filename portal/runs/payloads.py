"""What the REST API answers and the live stream sends about a run: the same dicts, ready for JSON, addresses without host."""

from collections.abc import Iterable
from typing import Any

from portal.runs.models import LossPoint, Run, Sample
from portal.runs.serializers import COLUMNS, RunSerializer, SampleSerializer, loss_row


def run_payload(run: Run) -> dict[str, Any]:
    """A run as in `GET runs/<id>/`; the same for everybody who may see it."""
    return dict(RunSerializer(run).data)


def sample_payload(sample: Sample) -> dict[str, Any]:
    """A sheet as in `GET runs/<id>/samples/`."""
    return dict(SampleSerializer(sample).data)


def losses_payload(points: Iterable[LossPoint]) -> dict[str, Any]:
    """Loss points, in order of steps, as in `GET runs/<id>/losses/`."""
    return {"columns": list(COLUMNS), "points": [loss_row(point) for point in points]}


def log_payload(text: str) -> dict[str, Any]:
    """Lines of the process's log as in `GET runs/<id>/log/`."""
    return {"lines": text.splitlines()}
