"""Each verdict appears where it should, by made observations."""

import numpy as np

from gan_core.images.store import ImageStore
from tests.gan_core.watch.told import Pictures, Told, alike, grey, squares, store, turning_into_squares, varied


def learnt() -> Told:
    """A run that goes well up to step 1600."""
    return Told().until(1600, turning_into_squares(400))


def test_nothing_is_said_before_anything_is_seen() -> None:
    assert Told().watch.verdict() is None


def test_a_young_run_is_too_young() -> None:
    told = Told().until(300, grey)
    assert told.kinds == ["early"]
    assert told.last.evidence and "of 4\u202f000" in told.last.evidence[0].value


def test_a_run_that_is_too_short_is_told_so() -> None:
    assert "too short" in Told(total=100).until(16).last.text


def test_going_well() -> None:
    told = learnt()
    assert told.kinds == ["early", "healthy"]
    assert told.last.level == "ok" and told.last.title == "Going well" and len(told.last.evidence) == 3
    assert told.last.text == "The pictures keep getting better. Nothing to do."


def test_pictures_that_grow_alike_are_told_of_at_once() -> None:
    told = learnt().until(2000, alike)
    assert told.kinds[-1] == "collapse" and told.last.step < 1900
    assert "one picture" in told.last.text and any(one.label.startswith("Variety") for one in told.last.evidence)


def test_few_pictures_that_come_again_and_again() -> None:
    three = squares(3, seed=5, places=np.array([[0, 0], [10, 10], [0, 10]]))
    told = learnt().until(2200, lambda step: np.repeat(three, 22, axis=0)[:64])
    assert told.kinds[-1] == "collapse" and "a few pictures" in told.last.text


def test_an_untrained_generator_that_draws_grey_has_not_collapsed() -> None:
    told = Told().until(700, grey)
    assert told.kinds == ["early"]


def test_noise_of_the_first_weights_is_no_variety_that_was_lost() -> None:
    random = np.random.default_rng(0)

    def sheet(step: int) -> Pictures:
        return random.integers(0, 256, (64, 4, 4, 1), dtype=np.uint8).repeat(4, 1).repeat(4, 2) if step < 100 else grey(step)

    assert Told().until(700, sheet).kinds == ["early"]


def test_a_generator_that_never_found_more_than_one_picture() -> None:
    assert Told().until(1500, alike).kinds[-1] == "collapse"


def test_a_generator_that_stopped_learning_early_need_not_be_waited_for() -> None:
    told = Told(total=100_000).until(800, turning_into_squares(400)).until(3000, alike, gradient=1e-6, spotting=1, loss=0.001)
    assert told.kinds[-1] == "collapse" and told.last.step < 2900


def by_class(within: bool) -> Pictures:
    """Eight rows of eight, each row in a place of its own; with or without differences within the rows."""
    places = np.array([[row // 3 * 5, row % 3 * 5] for row in range(8)]).repeat(8, axis=0)
    pictures = squares(64, seed=6, places=places if not within else np.clip(places + np.random.default_rng(0).integers(-4, 5, (64, 2)), 0, 10))
    return pictures if within else pictures[::8].repeat(8, axis=0)


def test_classes_of_one_picture_each() -> None:
    told = Told(store(600, labels=8), conditional=True)
    told.until(1600, lambda step: by_class(True), row_labels=tuple(range(8)))
    assert told.kinds[-1] == "healthy"
    told.until(2000, lambda step: by_class(False), row_labels=tuple(range(8)))
    assert told.kinds[-1] == "class-collapse"
    assert [one.value for one in told.last.evidence if one.label == "Variety within a class"] == ["0 %"]


def test_a_discriminator_that_wins() -> None:
    told = Told().until(1600, grey, spotting=1.0, loss=0.001)
    assert told.kinds == ["early", "discriminator-strong"]
    assert told.last.change is not None and told.last.change.setting == "discriminator_learning_rate"
    assert "0.0002 to 0.0001" in told.last.text


def test_a_discriminator_that_spots_everything_is_no_fault_while_the_pictures_are_good() -> None:
    assert Told().until(3000, turning_into_squares(400), spotting=0.999, loss=0.1).kinds == ["early", "healthy"]


def test_a_critic_may_spot_everything_while_pictures_come_nearer() -> None:
    critic = Told(objective="wasserstein", penalty="clip")
    assert critic.until(3900, turning_into_squares(3900), spotting=1.0, loss=-190).kinds == ["early", "healthy"]


def test_a_critic_from_whom_nothing_is_learnt() -> None:
    critic = Told(objective="wasserstein", penalty="clip").until(3000, grey, spotting=1.0, loss=-190, gradient=50)
    assert critic.kinds[-1] in ("discriminator-strong", "collapse")


def test_a_vanished_gradient_is_a_win_under_every_objective() -> None:
    def far(step: int) -> Pictures:
        return 255 - varied(step)

    critic = Told(objective="wasserstein", penalty="clip").until(600, far, spotting=1.0, loss=-190)
    assert critic.until(1200, far, spotting=1.0, loss=-190, gradient=1e-6).kinds[-1] == "discriminator-strong"


def test_a_generator_that_fools_the_discriminator() -> None:
    told = Told().until(1600, varied, spotting=0.1, loss=0.9)
    assert told.kinds == ["early", "generator-strong"]
    assert "10 %" in [one.value for one in told.last.evidence]


def test_guessing_is_fine_when_the_pictures_are_good_and_a_fault_when_they_are_far() -> None:
    assert Told().until(2000, varied, spotting=0.5, loss=0.69).kinds == ["early", "healthy"]
    assert Told().until(2000, lambda step: 255 - varied(step), spotting=0.5, loss=0.69).kinds[-1] == "generator-strong"


def test_copies_are_found_by_scores() -> None:
    told = learnt().scored(0.1, copies=0.14).until(1700, varied).scored(0.1, copies=0.141).until(1900, varied)
    assert told.kinds[-1] == "memorising"
    assert told.last.text.startswith("141 of 1\u202f000 samples are nearly identical to training pictures. Add pictures, or try more augmentation")


def test_copies_of_few_pictures_are_seen() -> None:
    few = squares(8, seed=8)
    told = Told(ImageStore(few, None, ()))  # type: ignore[arg-type]
    told.until(1600, lambda step: grained_copies(few, step), augmentation=0.97)
    assert told.kinds[-1] == "memorising"
    assert [one.value for one in told.last.evidence] == ["64 of 64", "97 %"]


def grained_copies(pictures: Pictures, step: int) -> Pictures:
    return np.clip(pictures[np.arange(64) % len(pictures)].astype(int) + step % 3, 0, 255).astype(np.uint8)


def test_no_better_score_for_long() -> None:
    told = Told()
    for number in range(1, 21):
        told.until(192 * number, varied).scored(1 / number if number < 10 else 0.2)
    assert told.kinds == ["early", "healthy", "finished-improving"]
    assert "The best pictures are from step 1\u202f728." in told.last.text
    assert told.last.change is None and told.last.evidence[0].value == "KID 0.11 at step 1\u202f728"


def test_scores_that_still_improve_now_and_then_are_not_finished() -> None:
    told = Told()
    for number in range(1, 21):
        told.until(192 * number, varied).scored(1 / number + (0.05 if number % 3 else 0))
    assert told.kinds == ["early", "healthy"]


def test_pictures_that_are_all_alike_by_themselves_say_nothing() -> None:
    """One photo of one thing, fifty times."""
    flat = np.full((50, 16, 16, 1), 90, np.uint8)
    told = Told(ImageStore(flat, None, ()))  # type: ignore[arg-type]
    told.until(3000, lambda step: flat)
    assert told.kinds == ["early", "healthy"]
