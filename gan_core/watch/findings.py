"""A verdict put together: its sentences and what was measured."""

from collections.abc import Iterator

from gan_core.events import Change, Evidence, Kind, Verdict
from gan_core.watch.duel import loss_ends
from gan_core.watch.memory import Memory
from gan_core.watch.words import LEVELS, TITLES, WITHOUT_CHANGE, measured, percent, spaced, times, trying


def verdict(kind: Kind, memory: Memory, change: Change | None) -> Verdict:
    """The verdict of that kind on what is remembered."""
    return Verdict(memory.step, kind, LEVELS[kind], TITLES[kind], _text(kind, memory, change), tuple(_evidence(kind, memory)), change)


def _text(kind: Kind, memory: Memory, change: Change | None) -> str:
    what = {
        "early": _early,
        "healthy": _healthy,
        "discriminator-strong": _discriminator_strong,
        "generator-strong": _generator_strong,
        "collapse": _collapse,
        "class-collapse": _class_collapse,
        "diverged": _diverged,
        "memorising": _memorising,
        "finished-improving": _finished,
    }[kind](memory)
    todo = trying(change, memory.config) if change else WITHOUT_CHANGE.get(kind, "")
    before = {"diverged": "If it happens again, ", "memorising": "Add pictures, or "}.get(kind)
    if before and change:
        todo = f"{before}{todo[0].lower()}{todo[1:]}"
    return f"{what} {todo}".strip()


def _early(memory: Memory) -> str:
    if memory.enough // 2 >= memory.duel.total_steps:
        return "The networks have only begun, and this run is too short for a verdict on how it learns."
    return f"The networks have only begun. A first verdict comes after about {spaced(memory.enough // 2)} steps."


def _healthy(memory: Memory) -> str:
    distance, first = memory.recent("distance"), memory.looks[0].distance if memory.looks else None
    if memory.nearing > 0.05 or (distance and first and distance < 0.8 * first):
        return "The pictures keep getting better. Nothing to do."
    if (memory.recent("variety") or 0) >= 0.4:
        return "The pictures are varied, and neither network has the upper hand for good. Nothing to do."
    return "Nothing looks wrong. Nothing to do."


def _discriminator_strong(memory: Memory) -> str:
    return "It spots nearly every fake, so the generator learns little."


def _generator_strong(memory: Memory) -> str:
    if memory.duel.spotting < 0.45:
        return "The discriminator takes its fakes for real and real pictures for fakes, so the generator learns nothing from it."
    return "The discriminator can only guess, though the pictures are far from the training pictures, so the generator learns little from it."


def _collapse(memory: Memory) -> str:
    if (memory.recent("variety") or 0) >= 0.3:
        return "The generator found a few pictures that work and repeats them."
    return "The generator found one picture that works and repeats it."


def _class_collapse(memory: Memory) -> str:
    return "Within each class the pictures are nearly the same: the generator looks at the class and hardly at anything else."


def _diverged(memory: Memory) -> str:
    return memory.fall.message if memory.fall else ""


def _memorising(memory: Memory) -> str:
    count, of = _copies(memory)
    return f"{spaced(count)} of {spaced(of)} samples are nearly identical to training pictures."


def _finished(memory: Memory) -> str:
    best = memory.best
    assert best is not None  # the rule saw one
    return f"No better score for {spaced(memory.step - best.step)} steps. The best pictures are from step {spaced(best.step)}."


def _copies(memory: Memory) -> tuple[int, int]:
    """(samples that are copies, of how many), from whichever of scores and sheets tells of more."""
    found = [(round(score.copies * score.samples), score.samples) for score in memory.scores[-1:]]
    copies = memory.recent("copies")
    if copies is not None:
        found.append((int(copies), memory.looks[-1].tiles))
    return max(found, key=lambda one: one[0] / one[1], default=(0, 0))


def _evidence(kind: Kind, memory: Memory) -> Iterator[Evidence]:
    if kind == "diverged" and memory.fall is not None:
        yield Evidence("Last step seen before", spaced(memory.fall.at))
        yield Evidence("Went on from step", spaced(memory.fall.to))
        yield Evidence("Fell apart so often", str(memory.fall.times), "never")
    if kind == "early":
        yield Evidence("Steps so far", f"{spaced(memory.step)} of {spaced(memory.duel.total_steps)}")
    if kind == "finished-improving":
        yield from _of_scores(memory)
    if kind == "memorising":
        yield from _of_copies(memory)
    if kind in ("healthy", "discriminator-strong", "generator-strong"):
        yield from _of_duel(memory, kind)
    if kind in ("healthy", "discriminator-strong", "generator-strong", "collapse", "class-collapse"):
        yield from _of_pictures(memory, kind)
    if kind == "collapse":
        yield from _of_duel(memory, kind)


def _of_duel(memory: Memory, kind: Kind) -> Iterator[Evidence]:
    duel, ends = memory.duel, loss_ends(memory.config)
    if not duel.count:
        return
    above = kind == "healthy" or ends is None  # many spot nearly everything and go on teaching
    yield Evidence("Fakes spotted by the discriminator", percent(duel.spotting), "over 50 %" if above else "55 to 95 %")
    if kind == "healthy":
        return
    if ends is not None:
        yield Evidence("Discriminator loss", measured(duel.loss), f"{measured(ends[0] + (ends[1] - ends[0]) / 5)} to {measured(ends[1])}")
    if duel.fading < 0.05:
        yield Evidence("Generator gradient", measured(duel.fading) + " of its highest", "over 0.05")


def _of_pictures(memory: Memory, kind: Kind) -> Iterator[Evidence]:
    variety, rows, repeats, distance = (memory.recent(name) for name in ("variety", "row_variety", "repeats", "distance"))
    if variety is not None:
        yield Evidence("Variety, compared with the training pictures", percent(variety), "over 50 %")
    if rows is not None and kind == "class-collapse":
        yield Evidence("Variety within a class", percent(rows), "over 25 %")
    if repeats is not None and kind == "collapse":
        yield Evidence("Difference of a picture from the one most like it", percent(repeats) + " of theirs", "over 30 %")
    if distance is not None and kind != "class-collapse":
        yield Evidence("Distance to the nearest training picture", times(distance) + " theirs", "up to 1.5 times")


def _of_copies(memory: Memory) -> Iterator[Evidence]:
    count, of = _copies(memory)
    yield Evidence("Nearly identical to a training picture", f"{spaced(count)} of {spaced(of)}", "none to 1 in 50")
    if memory.duel.augmentation is not None:
        yield Evidence("Strength of adaptive augmentation", percent(memory.duel.augmentation), "under 80 %")


def _of_scores(memory: Memory) -> Iterator[Evidence]:
    best = memory.best
    if best is not None:
        yield Evidence("Best score", f"KID {measured(best.kid)} at step {spaced(best.step)}")
        yield Evidence("Newest score", f"KID {measured(memory.scores[-1].kid)} at step {spaced(memory.scores[-1].step)}", "lower than before")
        yield Evidence("Scores since the best", str(memory.without_better), f"under {max(6, memory.count_of_scores // 3)}")
