"""Time and memory before a launch: what is asked, what is told, and to whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from gan_core.config import TrainConfig
from gan_core.recipes import RECIPES
from portal import queue
from portal.estimates.ask import ask
from portal.estimates.likeness import settle
from portal.estimates.models import AGAIN, FORGOTTEN, PATIENCE, Estimate
from portal.runs import estimate, told
from portal.runs.models import Status
from tests import factories
from tests.portal.test_pages_new_run import posted

GB = 10**9
BIG = TrainConfig(steps=1000, width=256, height=256, channels="rgb", batch_size=128)


@pytest.fixture
def dataset(owner: Any) -> Any:
    return factories.make_dataset(owner)


@pytest.fixture
def sent(monkeypatch: Any) -> list[str]:
    """Wake-ups that the broker got; it has none waiting."""
    found: list[str] = []
    monkeypatch.setattr(queue, "_send", lambda task, *args: found.append(task))
    monkeypatch.setattr(queue, "wakeups_waiting", lambda task: 0)
    return found


def add(config: TrainConfig, dataset: Any, **figures: Any) -> Estimate:
    """A dry run's answer."""
    settled = settle(config, dataset)
    measured = {"begun": timezone.now(), "measured": timezone.now(), "device": "CPU, 2 threads", "memory_bytes": 2 * GB, "available_bytes": 24 * GB}
    return Estimate.objects.create(key=settled.key, config=settled.config, classes=settled.classes, **{**measured, **figures})


def measure(client: Client, dataset: Any, recipe: str = "simpsons", **changes: str) -> Any:
    return client.post(f"/runs/new/measure/?dataset={dataset.pk}&recipe={recipe}", posted(recipe, **changes)).json()["told"]


def call(api: APIClient, dataset: Any, **values: Any) -> Any:
    return api.post("/api/v1/runs/estimate/", {"dataset": str(dataset.pk), **values}, format="json")


def test_settings_are_alike_if_they_differ_in_what_costs_nothing(dataset: Any) -> None:
    config = RECIPES["simpsons"].config
    free = config.model_copy(update={"epochs": 10, "seed": 5, "generator_learning_rate": 0.001, "flip_labels": 0.0, "mirror": True, "ema": 0.9})
    assert settle(free, dataset).key == settle(config, dataset).key
    for change in ({"batch_size": 16}, {"width": 32}, {"architecture": "mlp"}, {"ema": 0.0}, {"precision": "fp32"}, {"channels": "rgba"}):
        assert settle(config.model_copy(update=change), dataset).key != settle(config, dataset).key


def test_settled_settings_are_whole_and_leave_nothing_to_the_pictures(owner: Any) -> None:
    grey = factories.make_dataset(owner, modes={"L": 6})
    for recipe in RECIPES.values():
        settled = TrainConfig.model_validate(settle(recipe.config, grey).config)
        assert settled.channels != "auto" and settled.augmentation != "auto"
        assert settle(settled, grey).key == settle(recipe.config, grey).key


def test_runs_of_the_same_settings_tell_their_time(owner: Any, dataset: Any) -> None:
    config = RECIPES["satellite"].config
    assert estimate.one(config, dataset).seconds is None
    factories.make_run(owner, dataset, status=Status.COMPLETED, config=config.model_copy(update={"seed": 7}), step=5000, images_per_second=640.0)
    assert estimate.one(config, dataset).seconds == 5000 * 64 / 640
    add(config, dataset, seconds_per_step=100.0)
    assert estimate.one(config, dataset).seconds == 5000 * 64 / 640, "what runs took is believed before what was tried out"


def test_a_dry_run_tells_time_and_memory_where_no_run_does(dataset: Any) -> None:
    config = RECIPES["satellite"].config
    add(config, dataset, seconds_per_step=0.06)
    found = told.told(config, estimate.one(config, dataset))
    assert (found.time, found.time_words) == ("5 min", "on this processor")
    assert (found.memory, found.memory_words, found.warning) == ("2.0 GB", "of 24 GB memory", "")


def test_steps_of_the_warm_up_count_as_often_as_they_are_made(dataset: Any) -> None:
    config = RECIPES["satellite-wgan"].config
    add(config, dataset, seconds_per_step=5.0)
    assert estimate.one(config, dataset).seconds == config.discriminator_steps_until(config.total_steps(6))


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"is_gpu": True, "largest_batch": 64}, "Batch 128 at 256 px needs about 31 GB, the GPU has 24 GB. Batch 64 fits."),
        ({"largest_batch": 64}, "Batch 128 at 256 px needs about 31 GB, the machine has 24 GB. Batch 64 fits."),
        ({}, "Batch 128 at 256 px needs about 31 GB, the machine has 24 GB. Choose smaller pictures or narrower networks."),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(dataset: Any, figures: dict[str, Any], sentence: str) -> None:
    add(BIG, dataset, memory_bytes=31 * GB, **figures)
    found = told.told(BIG, estimate.one(BIG, dataset))
    assert (found.warning, found.time) == (sentence, "")


def test_the_page_shows_the_warning_without_scripts(dataset: Any, clients: dict[str, Client]) -> None:
    add(RECIPES["simpsons"].config, dataset, memory_bytes=31 * GB, largest_batch=16)
    page = clients["owner"].get(f"/runs/new/?dataset={dataset.pk}&recipe=simpsons").content.decode()
    assert "Batch 32 at 64 px needs about 31 GB, the machine has 24 GB. Batch 16 fits." in page


def test_the_page_asks_once_for_all(
    owner: Any, dataset: Any, clients: dict[str, Client], sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    dataset.visibility = "members"
    dataset.save()
    with django_capture_on_commit_callbacks(execute=True):
        first = [measure(clients[who], dataset) for who in ("owner", "owner", "member")]
    assert {(one["time_words"], one["pending"]) for one in first} == {("Measuring…", True)}
    assert (Estimate.objects.get().asked_by, sent) == (owner, [queue.ESTIMATE])


def test_a_person_has_one_question_waiting(owner: Any, dataset: Any, clients: dict[str, Client], sent: list[str]) -> None:
    for batch in ("8", "16", "24"):
        measure(clients["owner"], dataset, batch_size=batch)
    assert [one.config["batch_size"] for one in Estimate.objects.all()] == [24]


def test_one_wake_up_waits_however_many_ask(dataset: Any, owner: Any, monkeypatch: Any, django_capture_on_commit_callbacks: Any) -> None:
    found: list[str] = []
    monkeypatch.setattr(queue, "_send", lambda task, *args: found.append(task))
    monkeypatch.setattr(queue, "wakeups_waiting", lambda task: len(found))
    with django_capture_on_commit_callbacks(execute=True):
        for batch in (8, 16):
            ask(owner, settle(BIG.model_copy(update={"batch_size": batch}), dataset))
    assert found == [queue.ESTIMATE]


def test_wrong_settings_are_not_measured(dataset: Any, clients: dict[str, Client], sent: list[str]) -> None:
    assert not measure(clients["owner"], dataset, batch_size="many")["pending"]
    assert not Estimate.objects.exists()


def test_where_no_worker_answers_the_page_falls_back(dataset: Any, clients: dict[str, Client], sent: list[str]) -> None:
    measure(clients["owner"], dataset)
    for ago, words, pending in ((timedelta(seconds=30), told.UNKNOWN, True), (PATIENCE, told.UNKNOWN, False)):
        Estimate.objects.update(asked=timezone.now() - ago)
        check = clients["owner"].post(f"/runs/new/check/?dataset={dataset.pk}&recipe=simpsons", posted()).json()["told"]
        assert (check["time_words"], check["pending"]) == (words, pending)


def test_what_could_not_be_measured_is_said_and_not_tried_again_at_once(owner: Any, dataset: Any, sent: list[str]) -> None:
    failed = add(BIG, dataset, error="A few steps take more than 60 seconds here.")
    found = told.told(BIG, estimate.one(BIG, dataset))
    assert (found.time, found.time_words) == ("", "a few steps take more than 60 seconds here")
    assert not ask(owner, settle(BIG, dataset)).is_pending
    Estimate.objects.filter(pk=failed.pk).update(measured=timezone.now() - AGAIN)
    assert ask(owner, settle(BIG, dataset)).is_pending


def test_what_did_not_fit_may_fit_later(owner: Any, dataset: Any, sent: list[str]) -> None:
    tried = add(BIG, dataset, memory_bytes=31 * GB)
    assert not ask(owner, settle(BIG, dataset)).is_pending
    Estimate.objects.filter(pk=tried.pk).update(measured=timezone.now() - AGAIN)
    assert ask(owner, settle(BIG, dataset)).is_pending


def test_old_figures_of_what_fits_are_kept_for_weeks(owner: Any, dataset: Any, sent: list[str]) -> None:
    tried = add(BIG, dataset, seconds_per_step=1.0)
    Estimate.objects.filter(pk=tried.pk).update(measured=timezone.now() - timedelta(days=20))
    assert not ask(owner, settle(BIG, dataset)).is_pending


def test_questions_that_nobody_answered_are_forgotten(owner: Any, member: Any, dataset: Any, sent: list[str]) -> None:
    ask(member, settle(BIG, dataset))
    Estimate.objects.update(asked=timezone.now() - FORGOTTEN)
    ask(owner, settle(RECIPES["quick"].config, dataset))
    assert [one.asked_by for one in Estimate.objects.all()] == [owner]


def test_pictures_one_may_not_see_cannot_be_asked_about(dataset: Any, clients: dict[str, Client], member_api: APIClient, sent: list[str]) -> None:
    assert clients["member"].post(f"/runs/new/measure/?dataset={dataset.pk}", posted()).status_code == 404
    answer = call(member_api, dataset, recipe="simpsons")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "dataset")
    assert not Estimate.objects.exists()


def test_programs_ask_and_ask_again(dataset: Any, api: APIClient, sent: list[str]) -> None:
    asked = call(api, dataset, recipe="satellite", config={"batch_size": 16}).json()
    assert (asked["state"], asked["seconds"], asked["fits"]) == ("measuring", None, None)
    Estimate.objects.update(measured=timezone.now(), seconds_per_step=0.5, memory_bytes=GB, available_bytes=2 * GB, device="CPU, 1 thread")
    found = call(api, dataset, recipe="satellite", config={"batch_size": 16, "seed": 3}).json()
    assert (found["state"], found["seconds"], found["fits"], found["memory_bytes"]) == ("measured", 2500.0, True, GB)


def test_programs_hear_what_is_wrong(owner: Any, dataset: Any, api: APIClient, sent: list[str]) -> None:
    assert call(api, dataset, config={"steps": 1, "width": 7}).json()["errors"][0]["attr"] == "config.width"
    assert call(api, factories.make_dataset(owner, status="processing"), recipe="satellite").status_code == 409


def test_asking_is_limited_for_page_and_programs_together(
    dataset: Any, clients: dict[str, Client], api: APIClient, monkeypatch: Any, sent: Any
) -> None:
    cache.clear()
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "estimate", "1/min")
    assert call(api, dataset, recipe="satellite").status_code == 200
    answer = clients["owner"].post(f"/runs/new/measure/?dataset={dataset.pk}&recipe=simpsons", posted())
    assert answer.status_code == 429
    assert call(api, dataset, recipe="satellite").status_code == 429


def test_recipes_are_ranked_for_a_dataset(owner: Any, api: APIClient) -> None:
    twelve = factories.make_dataset(owner, modes={"RGB": 12}, image_count=12, classes=[])
    ranked = api.get(f"/api/v1/recipes/?dataset={twelve.pk}").json()
    assert (ranked[0]["name"], ranked[0]["suitable"]) == ("portraits", True)
    assert ranked[0]["reason"].startswith("You have 12 pictures")
    assert not ranked[-1]["suitable"]
    assert "suitable" not in api.get("/api/v1/recipes/").json()[0]
    assert api.get("/api/v1/recipes/?dataset=soup").status_code == 400
