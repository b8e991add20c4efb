"""Verdicts do not flap: a fault must last before it is told, the gravest goes first, and interruptions change nothing."""

import json
from collections.abc import Iterable

import pytest

from gan_core.watch import Watch
from tests.gan_core.watch.told import Pictures, Told, alike, grained, squares, store, turning_into_squares, varied


def shaken(step: int) -> Pictures:
    """Squares of another crowd each time, at times fewer."""
    number = 64 if step % 3 else 24
    return grained(squares(number, seed=step)[[at % number for at in range(64)]], step, 30)


def test_noise_is_not_told_of() -> None:
    told = Told().until(400, turning_into_squares(200), noise=0.3).until(4000, shaken, noise=0.3)
    assert told.kinds == ["early", "healthy"]


def test_a_moment_of_weakness_is_not_told_of() -> None:
    told = Told().until(1600, varied).until(1680, varied, spotting=0.05).until(3000, varied)
    assert told.kinds == ["early", "healthy"]
    told = Told().until(1600, varied).until(1600 + 64, alike).until(3000, varied)
    assert told.kinds == ["early", "healthy"]


def test_a_run_at_the_edge_of_a_fault_gets_one_verdict_not_many() -> None:
    told = Told(total=20_000).until(5000, varied).until(20_000, varied, spotting=0.36, noise=0.25)
    assert len(told.kinds) <= 4


def test_longer_runs_are_watched_more_patiently() -> None:
    def told_after(total: int) -> int:
        told = Told(total=total).until(4800, varied).until(8000, varied, spotting=0.0, loss=1.0)
        assert told.last.kind == "generator-strong"
        return told.last.step - 4800

    assert told_after(8000) < told_after(48_000) / 2


def test_a_fault_that_is_over_gives_way() -> None:
    told = Told().until(1600, varied).until(2000, alike).until(3000, varied)
    assert told.kinds == ["early", "healthy", "collapse", "healthy"]


def test_the_gravest_goes_first() -> None:
    told = Told().until(1600, varied).until(1900, varied, spotting=0.4).scored(0.1, copies=0.5).until(1980, varied).scored(0.1, copies=0.5)
    assert told.until(2100, varied).last.kind == "memorising"
    assert told.until(2600, alike).last.kind == "collapse"
    assert told.fell(2400).last.kind == "diverged"


def test_falling_apart_is_told_at_once_and_over_when_training_has_got_past_it() -> None:
    told = Told().until(1600, varied).fell(1200)
    assert told.last.kind == "diverged" and told.last.level == "bad"
    assert "We went back to step 1200. If it happens again, try a lower generator learning rate: 0.0002 to 0.0001." in told.last.text
    assert [one.value for one in told.last.evidence] == ["1\u202f600", "1\u202f200", "1"]
    assert told.until(1600, varied).kinds[-1] == "diverged"
    assert told.until(2000, varied).kinds[-1] == "healthy"


def test_falling_apart_once_more_is_told_once_more() -> None:
    told = Told().until(1600, varied).fell(1200).until(1300, varied).fell(1200)
    assert told.kinds[-2:] == ["diverged", "diverged"]
    assert told.last.evidence[-1].value == "2"


def test_what_has_not_happened_is_forgotten() -> None:
    told = Told().until(1600, varied).scored(0.5).until(2000, alike).scored(0.1)
    assert told.kinds[-1] == "collapse"
    told.fell(1600)
    assert [score.step for score in told.watch.memory.scores] == [1600]
    assert max(look.step for look in told.watch.memory.looks) <= 1600
    assert told.until(2400, varied).kinds[-2:] == ["diverged", "healthy"]


def run_of(told: Told, changes: Iterable[int], *, interrupted: bool) -> list[tuple[str, int]]:
    for end in changes:
        told.until(end, alike if 1500 < end < 2400 else varied, spotting=1.0 if end > 3000 else 0.8, noise=0.05).scored(
            1000 / end, copies=end / 40_000
        )
        if interrupted:
            kept = json.loads(json.dumps(told.watch.state()))
            told.watch = Watch(told.config, told.images)
            told.watch.restore(kept)
    given = [(verdict.kind, verdict.step) for verdict in told.given]
    return [one for at, one in enumerate(given) if at == 0 or one[0] != given[at - 1][0]]


def test_an_interrupted_run_gets_the_same_verdicts() -> None:
    ends = range(304, 4000, 304)
    whole = run_of(Told(), ends, interrupted=False)
    assert len(whole) >= 4
    assert run_of(Told(), ends, interrupted=True) == whole


def test_what_was_said_after_the_checkpoint_is_taken_back_by_saying_the_present_once_more() -> None:
    told = Told().until(1600, varied)
    kept = json.loads(json.dumps(told.watch.state()))
    assert told.kinds[-1] == "healthy"
    told.watch = Watch(told.config, told.images)  # whatever it said after that, nobody remembers
    told.watch.restore(kept)
    assert told.until(1616, varied).kinds[-2:] == ["healthy", "healthy"]
    assert told.until(1700, varied).kinds.count("healthy") == 2, "once"


def test_an_empty_state_is_that_of_a_new_run() -> None:
    told = Told()
    told.watch.restore({})
    assert told.until(16).kinds == ["early"]


def test_what_is_remembered_stays_small() -> None:
    told = Told(total=50_000)
    for end in range(128, 12_800, 128):
        told.until(end, varied, noise=0.1).scored(1 / end)
    assert len(json.dumps(told.watch.state())) < 12_000


@pytest.mark.parametrize("measured", [float("nan"), float("inf")])
def test_a_measurement_that_is_no_number_is_left_out(measured: float) -> None:
    told = Told().until(1600, varied).until(1616, gradient=measured)
    assert told.until(3000, varied).kinds == ["early", "healthy"]
    json.dumps(told.watch.state(), allow_nan=False)


def test_a_run_without_sheets_is_judged_by_its_duel() -> None:
    assert Told().until(3000).kinds == ["early", "healthy"]
    assert Told().until(3000, spotting=1.0, loss=0.0001).kinds == ["early", "discriminator-strong"]


def test_classes_that_the_pictures_have_but_the_run_does_not_learn_play_no_part() -> None:
    assert Told(store(labels=4)).until(2000, varied).kinds == ["early", "healthy"]
