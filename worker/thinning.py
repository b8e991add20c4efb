"""Which sheets of a long run stay: all of the recent ones, and ever fewer of what lies further back."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

from django.db.models import Q

from portal.runs.models import Artifact, Run, Sample

AT_ONCE = 500
"""Sheets that go at most with one new one: where many are too many, because the limit was lowered, training must not wait long."""


def surplus(steps: Sequence[int], keep: int) -> list[int]:
    """The steps that go, so that `keep` >= 4 of them stay.

    The first and the newest half of `keep` always stay. Of the others goes, again and again, the one that leaves the smallest hole for its
    age: the distance of its neighbours divided by how far the older one lies back. So the density falls as 1/age, as on a logarithmic scale.
    It asks only for what is there, not for what there once was: what one call leaves suits the next. Where one goes at a time, a hole is never
    larger than 2 ln(steps[-1] - steps[0]) / (keep / 2) times the age of its older end: the logarithms of the ratios of neighbours' ages add
    up to less than twice that logarithm, the smallest is at most their mean, and a hole only shrinks against its age.

    Args:
        steps: rising.
    """
    excess = len(steps) - keep
    if excess <= 0:
        return []
    last, recent = steps[-1], len(steps) - keep // 2
    before, after = list(range(-1, len(steps) - 1)), list(range(1, len(steps) + 1))

    def hole(place: int) -> float:
        older, newer = steps[before[place]], steps[after[place]]
        return (newer - older) / (last - older)

    heap = [(hole(place), place) for place in range(1, recent)]
    heapify(heap)
    gone: list[int] = []
    taken = set[int]()
    while len(gone) < excess:
        size, place = heappop(heap)
        if place in taken or size != hole(place):
            continue  # a neighbour went since, and it was put in anew
        taken.add(place)
        gone.append(steps[place])
        after[before[place]], before[after[place]] = after[place], before[place]
        for neighbour in (before[place], after[place]):
            if 0 < neighbour < recent:
                heappush(heap, (hole(neighbour), neighbour))
    return gone


def thin(run: Run, keep: int) -> list[str]:
    """Delete the rows of what is too much of the series, within the caller's transaction. Returns the files to delete once that is committed.

    Beside those `keep` stay sheets with a favourite of anybody, and those that show the best and the pinned checkpoints. Sheets that were
    drawn of one class on demand are no part of the series, and stay.
    """
    series = Sample.objects.series().filter(run=run)
    if series.count() <= keep:
        return []
    ordinary = list(series.filter(favourites=None).order_by("step").values_list("step", flat=True))
    shown = _shown(run, ordinary)
    going = surplus([step for step in ordinary if step not in shown], keep)[:AT_ONCE]
    # Locked before they are asked once more: somebody may favour one of them at this moment.
    locked = list(series.filter(step__in=going).select_for_update().values_list("pk", flat=True))
    rows = Sample.objects.filter(pk__in=locked, favourites=None)
    files = dict(rows.values_list("pk", "image"))
    Sample.objects.filter(pk__in=files).delete()
    return list(files.values())


def _shown(run: Run, steps: Sequence[int]) -> set[int]:
    """Of these, the last one not after the best step, and after each pinned one, except the first and the last, which stay anyway."""
    pinned = Artifact.objects.filter(Q(pinned=True) | Q(best=True), run=run, kind=Artifact.Kind.CHECKPOINT)
    wanted = set(pinned.values_list("step", flat=True))
    return {step for step, later in pairwise(steps) if any(step <= one < later for one in wanted)} - {steps[0]} if steps else set()
