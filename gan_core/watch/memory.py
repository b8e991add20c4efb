"""What a watchman remembers of a run: the duel's running means, what the sheets showed, the scores, and where it fell apart. Small and bounded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from gan_core.config import TrainConfig
from gan_core.events import Scores
from gan_core.watch.duel import Duel, unsolved
from gan_core.watch.pictures import Look

LOOKS, SCORES = 32, 48
"""At most so many are kept; of looks every second older one is dropped then, of scores the oldest but the best."""
NEWEST = 3
"""Sheets of which the middle one counts."""


@dataclass(frozen=True, slots=True)
class Fall:
    """The run fell apart."""

    at: int
    """Newest step that was seen before."""
    to: int
    """Where it went on."""
    message: str
    times: int
    """So often, this one included."""


@dataclass(frozen=True, slots=True)
class Score:
    """What is kept of `Scores`."""

    step: int
    kid: float
    copies: float
    samples: int


class Memory:
    """Of a run of `config`."""

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self.duel = Duel()
        self.looks: list[Look] = []
        self.scores: list[Score] = []
        self.count_of_scores = 0
        self.without_better = 0
        """Scores since the best one."""
        self.most_variety: dict[str, float] = {"variety": 0.0, "row_variety": 0.0, "repeats": 0.0}
        """Of what the sheets showed after the very start."""
        self.fall: Fall | None = None

    @property
    def step(self) -> int:
        return self.duel.step

    @property
    def enough(self) -> int:
        """Steps after which a run that has come to nothing is not young any more."""
        return int(max(400, min(self.duel.total_steps / 5, 3000)))

    @property
    def unsolved(self) -> float | None:
        """See `duel.unsolved`."""
        return unsolved(self.config, self.duel.loss)

    @property
    def best(self) -> Score | None:
        return min(self.scores, key=lambda score: score.kid, default=None)

    def take_look(self, look: Look) -> None:
        self.looks.append(look)
        if len(self.looks) > LOOKS:
            half = LOOKS // 2
            self.looks = self.looks[:half:2] + self.looks[half:]
        if look.step >= self.enough / 4:  # noise, or whatever the first weights draw, is no variety
            for name, most in self.most_variety.items():
                self.most_variety[name] = max(most, self.recent(name) or 0.0)

    def take_scores(self, scores: Scores) -> None:
        best = self.best
        self.count_of_scores += 1
        self.without_better = 0 if best is None or scores.kid < best.kid else self.without_better + 1
        self.scores.append(Score(scores.step, scores.kid, scores.copies, scores.samples))
        if len(self.scores) > SCORES:
            self.scores.pop(1 if self.scores[0] is self.best else 0)

    def recent(self, name: str) -> float | None:
        """The middle of what the newest sheets showed; None until there are enough."""
        values = [getattr(look, name) for look in self.looks[-NEWEST:]]
        known = [value for value in values if value is not None]
        return float(median(known)) if len(known) == NEWEST else None

    @property
    def nearing(self) -> float:
        """By which share the pictures have come nearer to the training pictures over the second half of the run so far."""
        seen = [look for look in self.looks if look.distance is not None]
        before = [look.distance for look in seen if look.distance and look.step <= self.step / 2]
        newest = min((distance for distance in (self.recent("distance"), seen[-1].distance if seen else None) if distance is not None), default=None)
        return 1 - newest / before[-1] if newest is not None and before and before[-1] else 0.0

    def go_back(self, step: int, message: str) -> None:
        """Forget what has not happened."""
        self.fall = Fall(self.step, step, message, self.fall.times + 1 if self.fall else 1)
        total_steps, self.duel = self.duel.total_steps, Duel()
        self.duel.step, self.duel.total_steps = step, total_steps
        self.looks = [look for look in self.looks if look.step <= step]
        gone = sum(score.step > step for score in self.scores)
        self.scores = [score for score in self.scores if score.step <= step]
        self.count_of_scores -= gone
        best = self.best
        self.without_better = 0 if best is None else len(self.scores) - 1 - self.scores.index(best)
        self.most_variety = dict.fromkeys(self.most_variety, 0.0)

    def recovered(self) -> bool:
        """Whether training is well past the step where it fell; then the fall is of the past."""
        return self.fall is not None and self.step > self.fall.at + max(32, self.duel.total_steps // 100)

    def state(self) -> dict[str, Any]:
        return {
            "duel": self.duel.state(),
            "looks": [asdict(look) for look in self.looks],
            "scores": [asdict(score) for score in self.scores],
            "count_of_scores": self.count_of_scores,
            "without_better": self.without_better,
            "most_variety": self.most_variety,
            "fall": asdict(self.fall) if self.fall else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.duel.restore(state["duel"])
        self.looks = [Look(**look) for look in state["looks"]]
        self.scores = [Score(**score) for score in state["scores"]]
        self.count_of_scores, self.without_better = state["count_of_scores"], state["without_better"]
        self.most_variety = dict(state["most_variety"])
        self.fall = Fall(**state["fall"]) if state["fall"] else None
