"""Tables of runs: the run itself and its moves, what it leaves behind, and what people like of it."""

from portal.runs.models.favourite import Favourite
from portal.runs.models.results import Artifact, LossPoint, Sample, Score, weigh
from portal.runs.models.run import Run
from portal.runs.models.run_queryset import RunQuerySet
from portal.runs.models.status import ACTIVE, ENDED, Status
from portal.runs.models.transition import Transition

__all__ = ["ACTIVE", "ENDED", "Artifact", "Favourite", "LossPoint", "Run", "RunQuerySet", "Sample", "Score", "Status", "Transition", "weigh"]
