"""The rules: what of a run's memory speaks for each fault. A fault that stands already is given up only on clearer signs than it was found by.

The figures were set by runs that were made to fail and runs of every recipe that went well; see `tests/gan_core/watch`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gan_core.events import Kind
from gan_core.watch.memory import Memory

On = Literal["vitals", "sheet", "scores"]
"""What a watchman is told of."""
Says = Callable[[Memory, bool], bool]
"""Whether the fault shows; the second is whether it stands already."""
DEAD = 1e-3
"""A generator whose gradient has shrunk to this share of what it was learns nothing any more."""
SPOTTED = 0.98
"""Of pairs, from which a discriminator may have won. Many a healthy one comes near it, so that is not enough."""
CLEAR = 0.003
"""Share of its loss that is left to a discriminator from which nobody recovers; ten times as much many a run goes through at its start."""
FOOLED = 0.35
"""Of pairs, up to which the discriminator prefers fakes."""
FAR = 2.0
"""Times the distance between training pictures, from which drawn ones cannot be good."""
ALIKE = 0.2
"""Of the training pictures' variety, up to which pictures are alike."""
VARIED = 0.5
FEW = 12
"""Scores before which nothing is said about their best."""


def _below(value: float | None, limit: float, standing: bool, slack: float = 1.5) -> bool:
    return value is not None and value < limit * (slack if standing else 1)


def collapse(memory: Memory, standing: bool) -> bool:
    alike = _below(memory.recent("variety"), ALIKE, standing)
    if not alike and not (_below(memory.recent("repeats"), 0.05, standing) and memory.most_variety["repeats"] > 0.3):
        return False
    if standing or memory.most_variety["variety"] >= VARIED:
        return standing or not _is_fooled(memory)
    if _is_dead(memory) and memory.step >= memory.enough / 4:
        return True
    distance = memory.recent("distance")
    unlearnt = _has_won(memory, standing=True) and distance is not None and distance > FAR  # alike because nothing was learnt
    return memory.step >= memory.enough and not _is_fooled(memory) and not unlearnt


def class_collapse(memory: Memory, standing: bool) -> bool:
    varied = not _below(memory.recent("variety"), ALIKE, standing=False)
    young = memory.step < memory.enough and memory.most_variety["row_variety"] < VARIED
    return _below(memory.recent("row_variety"), 0.12, standing) and varied and not young


def memorising(memory: Memory, standing: bool) -> bool:
    slack = 0.5 if standing else 1
    if memory.scores and min(score.copies for score in memory.scores[-2:]) >= (0.08 if len(memory.scores) > 1 else 0.25) * slack:
        return True
    copies = memory.recent("copies")
    return copies is not None and memory.step >= memory.enough / 2 and copies >= 0.25 * slack * memory.looks[-1].tiles


def discriminator_strong(memory: Memory, standing: bool) -> bool:
    if memory.duel.spotting < (0.95 if standing else SPOTTED):
        return False
    distance, variety = memory.recent("distance"), memory.recent("variety")
    dead = _is_dead(memory)
    if distance is None:  # nothing to see yet, so the losses must speak clearly
        return memory.step >= memory.enough and (dead or (memory.unsolved is not None and memory.unsolved < 0.01))
    distance = min(distance, memory.looks[-1].distance or distance)  # of the newest sheet, if that is better
    poor = distance > FAR * (0.9 if standing else 1) or _below(variety, 0.3, standing)
    if memory.config.objective == "wasserstein" and not dead:  # its critic may spot everything and go on teaching
        return poor and distance > 2.5 and memory.nearing < 0.05 and memory.step >= 2 * memory.enough
    clear = dead or (memory.unsolved is not None and memory.unsolved < CLEAR)
    late = memory.step >= memory.enough / (2 if clear else 1)
    return late and poor and (dead or (_has_won(memory, standing) and memory.nearing < 0.3))


def generator_strong(memory: Memory, standing: bool) -> bool:
    if memory.step < memory.enough / 2:
        return False
    distance = memory.recent("distance")
    guesses = memory.duel.spotting < (0.6 if standing else 0.56) and memory.step >= memory.enough
    return memory.duel.spotting < (0.45 if standing else FOOLED) or (guesses and distance is not None and distance > (2.5 if standing else 3))


def finished_improving(memory: Memory, standing: bool) -> bool:
    best, count = memory.best, memory.count_of_scores
    if best is None or count < FEW:
        return False
    return memory.without_better >= max(6, count / 3) and memory.step - best.step >= memory.step / 5


def is_healthy(memory: Memory) -> bool:
    """Whether enough is seen, and that is well."""
    if memory.step < memory.enough / 2 or memory.duel.count < memory.duel.window:
        return False
    variety, distance = memory.recent("variety"), memory.recent("distance")
    if distance is None and variety is None:
        return memory.step >= memory.enough
    first = memory.looks[0].distance
    nearer = distance is None or distance < FAR or (first is not None and distance < 0.6 * first)
    varied = variety is None or variety >= 0.4
    return (nearer and varied) or memory.step >= 2 * memory.enough


def _is_dead(memory: Memory) -> bool:
    return memory.duel.count >= memory.duel.window and memory.duel.fading < DEAD


def _is_fooled(memory: Memory) -> bool:
    return memory.duel.spotting < FOOLED


def _has_won(memory: Memory, standing: bool) -> bool:
    left = memory.unsolved
    return memory.duel.spotting >= 0.95 and left is not None and left < (0.15 if standing else 0.06)


@dataclass(frozen=True, slots=True)
class Rule:
    kind: Kind
    says: Says
    on: tuple[On, ...]
    """What is looked at; it is asked whenever one of them comes."""
    sheets: int = 2
    """So often in a row (as many times more than the other way) it must say so; a rule on vitals must for a whole window of them."""


RULES = (
    Rule("collapse", collapse, ("sheet",)),
    Rule("class-collapse", class_collapse, ("sheet",)),
    Rule("memorising", memorising, ("sheet", "scores")),
    Rule("discriminator-strong", discriminator_strong, ("vitals",)),
    Rule("generator-strong", generator_strong, ("vitals",)),
    Rule("finished-improving", finished_improving, ("scores",), sheets=1),
)
"""The gravest first. That a run fell apart is graver than all of them, and no matter of judgement."""
