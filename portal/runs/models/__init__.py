"""Tables of runs: the run itself and its moves, and what it leaves behind."""

from portal.runs.models.results import Artifact, LossPoint, Sample, Score
from portal.runs.models.run import ACTIVE, ENDED, Run, RunQuerySet, Status, Transition

__all__ = ["ACTIVE", "ENDED", "Artifact", "LossPoint", "Run", "RunQuerySet", "Sample", "Score", "Status", "Transition"]
