"""The scores of a run as its page shows them: the best one large, the newest in a line, all as a table."""

from dataclasses import dataclass

from gan_core.config import TrainConfig
from portal import words
from portal.runs.models import ENDED, Run, Score, Status

ROWS = 200
"""Of the table; the API has all."""


@dataclass(frozen=True, slots=True)
class ShownScores:
    never: bool
    """There are none and none will come, so no place is kept for them."""
    waiting: str
    """When the first one comes, or why none will; blank once there is one."""
    best: Score | None
    newest: Score | None
    rows: list[Score]
    """Newest first."""
    bests: list[Score]
    """Those that were the best when they came, newest first."""

    @property
    def distance(self) -> str:
        """What the Fréchet distance may be called; only that of Inception is known as FID."""
        return "FID" if self.best and self.best.extractor.startswith("Inception") else "FD"

    @property
    def comparison(self) -> str:
        """What the numbers rest on, and with what they may be compared."""
        if not self.best:
            return "Drawn pictures are compared with training pictures by what a network trained on photos sees in them."
        counts = f"{words.number(self.best.samples)} samples against {words.counted(self.best.real, 'training picture')}"
        if self.distance == "FID":
            return f"{counts}, {self.best.extractor} features. Comparable only with an FID of the same counts."
        return f"{counts}, {self.best.extractor} features. Not comparable with published FID."


def shown_scores(run: Run) -> ShownScores:
    rows = list(run.scores.order_by("-step")[:ROWS])
    best = next((one for one in rows if one.step == run.best_step), None)
    if best is None and run.best_step is not None:
        best = run.scores.filter(step=run.best_step).first()
    config, over = run.train_config, run.status in ENDED
    never = not rows and (over or not config.score_samples)
    waiting = "" if rows else _waiting(run, config)
    return ShownScores(never, waiting, best or (rows[0] if rows else None), rows[0] if rows else None, rows, bests(rows))


def _waiting(run: Run, config: TrainConfig) -> str:
    if not config.score_samples:
        return "Scores are off for this run."
    if run.status in ENDED:
        return "This run has no scores."
    if run.status in (Status.QUEUED, Status.PAUSED):
        return "The first score comes while the run trains."
    when = words.duration(config.score_every_seconds) if config.score_every_seconds else "half a minute"
    return f"The first score comes after about {when} of training, or at the end of the run."


def bests(rows: list[Score]) -> list[Score]:
    """Of scores, newest first, those with a lower KID than all before."""
    found: list[Score] = []
    for one in reversed(rows):
        if not found or one.kid < found[-1].kid:
            found.append(one)
    return found[::-1]
