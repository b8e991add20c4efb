"""The watchman himself: takes in what the run shows, and gives a verdict when it is another one than before."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.config import TrainConfig
from gan_core.events import Kind, Scores, Verdict
from gan_core.images.store import ImageStore
from gan_core.watch.advice import advise
from gan_core.watch.duel import Vitals
from gan_core.watch.findings import verdict
from gan_core.watch.memory import Memory
from gan_core.watch.pictures import TrainingPictures
from gan_core.watch.rules import RULES, On, Rule, is_healthy


class Watch:
    """Watches a run of `config` on `images`. Whatever it is told belongs to the newest step that `vitals` told of."""

    def __init__(self, config: TrainConfig, images: ImageStore) -> None:
        self.config = config
        self.image_count = len(images)
        self.memory = Memory(config)
        self.training_pictures = TrainingPictures(images, config.background, mirror=config.mirror)
        self._held: dict[str, int] = {}  # for how many observations a fault has shown; negative numbers do not occur
        self._standing: set[str] = set()
        self._given: Kind | None = None
        self._again = False
        """The last verdict may since have been followed by one that nobody remembers: the present one is given in any case."""

    def vitals(self, vitals: Vitals) -> None:
        """Something was measured of the duel."""
        self.memory.duel.take(vitals)
        if self.memory.recovered():
            self.memory.fall = None
        self._ask("vitals")

    def sheet(self, images: npt.NDArray[np.uint8], row_labels: tuple[int, ...] = ()) -> None:
        """A sheet (N, H, W, C) of the series was drawn; with classes each of its rows is of one."""
        self.memory.take_look(self.training_pictures.look(self.memory.step, images, row_labels))
        self._ask("sheet")

    def scores(self, scores: Scores) -> None:
        self.memory.take_scores(scores)
        self._ask("scores")

    def rewound(self, step: int, message: str) -> None:
        """The run fell apart and goes on from an earlier step."""
        self.memory.go_back(step, message)
        self._held, self._standing = {}, set()
        if self._given == "diverged":
            self._given = None  # once more is worth saying

    def verdict(self) -> Verdict | None:
        """The present verdict if it is of another kind than the last one given, or the first one after `restore`."""
        kind = self._kind()
        if kind is None or (kind == self._given and not self._again):
            return None
        self._given, self._again = kind, False
        return verdict(kind, self.memory, advise(kind, self.config, self.image_count))

    def _kind(self) -> Kind | None:
        memory = self.memory
        if memory.fall is not None:
            return "diverged"
        for rule in RULES:
            if rule.kind in self._standing:
                return rule.kind
        if not memory.duel.count:
            return None
        if is_healthy(memory) and not any(self._held.values()):
            return "healthy"
        # a verdict that holds no longer stays until there is a better one; only what fell apart begins anew
        return "early" if self._given in (None, "diverged") else self._given

    def _ask(self, on: On) -> None:
        """Have the rules look that look at this; a fault stands once it has shown long enough, until it has not for as long."""
        for rule in RULES:
            if on in rule.on:
                self._count(rule)

    def _count(self, rule: Rule) -> None:
        long = self.memory.duel.window if "vitals" in rule.on else rule.sheets
        shows = rule.says(self.memory, rule.kind in self._standing)
        held = min(long, max(0, self._held.get(rule.kind, 0) + (1 if shows else -1)))
        self._held[rule.kind] = held
        if held == long:
            self._standing.add(rule.kind)
        elif held == 0:
            self._standing.discard(rule.kind)

    def state(self) -> dict[str, Any]:
        """What a resumed run must know, as JSON of a few kilobytes."""
        return {"memory": self.memory.state(), "held": self._held, "standing": sorted(self._standing), "given": self._given}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` took; an empty one is that of a new run."""
        if state:
            self.memory.restore(state["memory"])
            self._held, self._standing, self._given = dict(state["held"]), set(state["standing"]), state["given"]
            self._again = True
