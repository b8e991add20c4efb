"""Which recipe is recommended for which pictures on which device, and why."""

import pytest

from gan_core.config import TrainConfig
from gan_core.reasons import DatasetFacts, DeviceFacts
from gan_core.recipes import RECIPES
from gan_core.recommend import GOOD, Advice, hours, recommend

CPU, GPU, UNKNOWN = DeviceFacts("cpu"), DeviceFacts("cuda"), DeviceFacts()


def photos(count: int, side: int = 128, *classes: int) -> DatasetFacts:
    return DatasetFacts(count, side, side, grey=0, transparent=0, classes=classes)


def digits(count: int, *classes: int) -> DatasetFacts:
    return DatasetFacts(count, 28, 28, grey=1, transparent=0, classes=classes)


def best(facts: DatasetFacts, device: DeviceFacts = UNKNOWN) -> Advice:
    return recommend(facts, device)[0]


def of(recipe: str, facts: DatasetFacts, device: DeviceFacts = UNKNOWN) -> Advice:
    return next(one for one in recommend(facts, device) if one.recipe == recipe)


@pytest.mark.parametrize(
    ("facts", "device", "recipe", "words"),
    [
        (photos(12, 300), CPU, "portraits", "You have 12 pictures"),
        (photos(12, 300), GPU, "portraits", "You have 12 pictures"),
        (photos(80, 200), CPU, "few-shot", "You have 80 pictures"),
        (photos(80, 200), GPU, "few-shot", "learns from few"),
        (digits(5000), UNKNOWN, "quick", "grey and 28 pixels small"),
        (digits(5000, *[500] * 10), CPU, "quick-classes", "within minutes"),
        (DatasetFacts(900, 64, 64, grey=0, transparent=0.9), UNKNOWN, "pokemon", "transparent parts"),
        (DatasetFacts(900, 128, 128, grey=0, transparent=0.9), UNKNOWN, "pokemon-128", "transparent parts"),
        (photos(900, 64, 450, 450), CPU, "dogs", "2 folders"),
        (photos(900, 64), UNKNOWN, "simpsons", "in colour"),
        (photos(20_000, 64), CPU, "classic", "in colour"),
        (photos(20_000, 64), GPU, "modern", "20\u202f000 pictures and a GPU"),
        (photos(20_000, 64, 10_000, 10_000), GPU, "modern-classes", "and a GPU"),
        (photos(150, 656), UNKNOWN, "satellite-128", "656 × 656 pixels"),
    ],
)
def test_the_facts_decide_what_comes_first(facts: DatasetFacts, device: DeviceFacts, recipe: str, words: str) -> None:
    advice = best(facts, device)
    assert (advice.recipe, advice.suitable) == (recipe, True)
    assert words in advice.reason
    assert advice.score >= GOOD


@pytest.mark.parametrize("facts", [photos(12), photos(900, 64, 450, 450), digits(5000), photos(20_000)])
@pytest.mark.parametrize("device", [CPU, GPU, UNKNOWN])
def test_all_recipes_are_ranked_and_say_why_in_a_few_words(facts: DatasetFacts, device: DeviceFacts) -> None:
    ranked = recommend(facts, device)
    assert {one.recipe for one in ranked} == set(RECIPES)
    for one in ranked:
        assert bool(one.pill) == bool(one.reason)
        assert len(one.pill.split()) <= 5
        assert one.reason == "" or one.reason.endswith(".")


def test_recipes_that_learn_classes_come_last_without_any() -> None:
    ranked = recommend(photos(900), GPU)
    unsuitable = [one for one in ranked if not one.suitable]
    assert {one.recipe for one in unsuitable} == {name for name, recipe in RECIPES.items() if recipe.needs_classes}
    assert ranked[-len(unsuitable) :] == unsuitable
    assert {one.pill for one in unsuitable} == {"Needs classes"}


def test_classes_of_a_few_pictures_are_no_reason_to_learn_them() -> None:
    few = of("dogs", photos(900, 64, 897, 3))
    assert few.suitable and few.score < GOOD
    assert "smallest class has 3 pictures" in few.reason


def test_boxes_are_a_reason_for_the_recipe_that_cuts_them_out() -> None:
    boxed = DatasetFacts(900, 500, 400, grey=0, transparent=0, classes=(450, 450), boxes=1200)
    assert (best(boxed).recipe, best(boxed).pill) == ("dogs", "Cuts out the subjects")


def test_long_runs_want_a_gpu() -> None:
    facts = photos(20_000, 64)
    assert of("modern", facts, CPU).reason == "On this processor it would take days."
    assert of("modern", facts, CPU).score < of("quick", facts, CPU).score
    assert of("modern", facts, GPU).score > of("classic", facts, GPU).score


def test_of_an_unknown_device_nothing_is_said() -> None:
    told = " ".join(one.reason for one in recommend(photos(20_000, 64), UNKNOWN))
    assert "processor" not in told and "and a GPU" not in told
    assert best(photos(20_000, 64), UNKNOWN).recipe == best(photos(20_000, 64), CPU).recipe


def test_a_measured_speed_replaces_the_guess() -> None:
    facts = photos(20_000, 64)
    assert of("modern", facts, DeviceFacts("cpu", speed=40)).score > of("modern", facts, CPU).score


def test_twice_the_side_is_four_times_the_work() -> None:
    small, large = (TrainConfig(steps=100, width=side, height=side) for side in (64, 128))
    assert hours(large, 10) == pytest.approx(4 * hours(small, 10))
