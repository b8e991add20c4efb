"""Launching by REST: a recipe, what differs from it, and what is refused."""

from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from gan_core.recipes import RECIPES
from portal import queue
from portal.accounts.models import DeviceTime
from portal.runs.models import Run
from tests import factories


def launch(api: APIClient, dataset: Any, **values: Any) -> Any:
    return api.post("/api/v1/runs/", {"name": "Sunday", "dataset": str(dataset.pk), **values}, format="json")


def refused_fields(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400
    return {error["attr"]: error["detail"] for error in answer.json()["errors"]}


def test_a_recipe_is_stored_complete(owner: Any, api: APIClient) -> None:
    answer = launch(api, factories.make_dataset(owner), recipe="simpsons")
    assert answer.status_code == 201
    run = Run.objects.get(pk=answer.json()["id"])
    assert run.train_config == RECIPES["simpsons"].config
    assert (run.status, run.recipe, run.visibility, run.priority) == ("queued", "simpsons", "private", 0)


def test_settings_override_the_recipe_one_by_one(owner: Any, api: APIClient) -> None:
    answer = launch(api, factories.make_dataset(owner), recipe="simpsons", config={"steps": 50, "batch_size": 8})
    config = answer.json()["config"]
    assert (config["steps"], config["epochs"], config["batch_size"]) == (50, None, 8)
    assert config["kernel_size"] == RECIPES["simpsons"].config.kernel_size


def test_epochs_become_steps_of_this_dataset(owner: Any, api: APIClient) -> None:
    answer = launch(api, factories.make_dataset(owner), config={"epochs": 10, "batch_size": 4})
    assert answer.json()["total_steps"] == 15  # 60 pictures in batches of 4


def test_the_launch_is_the_first_line_of_its_history(owner: Any, api: APIClient) -> None:
    run = Run.objects.get(pk=launch(api, factories.make_dataset(owner), config={"steps": 1}).json()["id"])
    first = run.transitions.get()
    assert (first.to, first.actor, first.reason) == ("queued", owner, "Launched")


def test_a_worker_is_woken_after_the_commit(owner: Any, api: APIClient, django_capture_on_commit_callbacks: Any, monkeypatch: Any) -> None:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(queue, "_send", lambda *message: sent.append(message))
    with django_capture_on_commit_callbacks(execute=True):
        launch(api, factories.make_dataset(owner), config={"steps": 1})
        assert sent == []
    assert sent == [(queue.TRAIN,)]


def test_a_broker_that_is_down_does_not_fail_the_launch(owner: Any, api: APIClient, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert launch(api, factories.make_dataset(owner), config={"steps": 1}).status_code == 201
    assert callbacks


def test_every_wrong_setting_is_named(owner: Any, api: APIClient) -> None:
    errors = refused_fields(launch(api, factories.make_dataset(owner), config={"steps": 1, "width": 7, "objective": "magic", "colour": 1}))
    assert set(errors) == {"config.width", "config.objective", "config.colour"}


def test_settings_that_do_not_go_together_are_named(owner: Any, api: APIClient) -> None:
    errors = refused_fields(launch(api, factories.make_dataset(owner), config={"steps": 1, "epochs": 1}))
    assert errors == {"config.epochs": "Set steps or epochs, not both."}


@pytest.mark.parametrize("status", ["uploading", "processing", "failed"])
def test_pictures_must_be_ready(owner: Any, api: APIClient, status: str) -> None:
    assert set(refused_fields(launch(api, factories.make_dataset(owner, status=status), config={"steps": 1}))) == {"dataset"}


def test_classes_need_classes(owner: Any, api: APIClient) -> None:
    errors = refused_fields(launch(api, factories.make_dataset(owner, classes=[]), recipe="dogs"))
    assert set(errors) == {"config.conditional"}


def test_a_dataset_one_may_not_see_does_not_exist(member: Any, api: APIClient) -> None:
    hidden = factories.make_dataset(member)
    errors = refused_fields(launch(api, hidden, config={"steps": 1}))
    assert "does not exist" in errors["dataset"]


def test_a_members_dataset_serves_every_member(member: Any, api: APIClient) -> None:
    assert launch(api, factories.make_dataset(member, visibility="members"), config={"steps": 1}).status_code == 201


def test_a_full_storage_refuses_launches(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner, bytes=100)
    owner.storage_quota = 100
    owner.save()
    refused = launch(api, dataset, config={"steps": 1})
    assert refused.status_code == 409
    assert "Your storage is full" in refused.json()["errors"][0]["detail"]


def test_only_the_staff_overtakes(owner: Any, api: APIClient, staff_api: APIClient) -> None:
    dataset = factories.make_dataset(owner, visibility="members")
    assert set(refused_fields(launch(api, dataset, config={"steps": 1}, priority=1))) == {"priority"}
    assert launch(api, dataset, config={"steps": 1}, priority=-5).status_code == 201
    assert launch(staff_api, dataset, config={"steps": 1}, priority=5).status_code == 201


def test_too_many_launches_a_minute_are_slowed_down(owner: Any, api: APIClient, monkeypatch: Any) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "launch", "1/min")
    dataset = factories.make_dataset(owner)
    assert [launch(api, dataset, config={"steps": 1}).status_code for _ in range(2)] == [201, 429]


def test_an_unknown_recipe_is_refused(owner: Any, api: APIClient) -> None:
    assert set(refused_fields(launch(api, factories.make_dataset(owner), recipe="magic"))) == {"recipe"}


@pytest.mark.parametrize("config", [[], "steps", {"steps": "many"}, {"background": "\u0000"}, {"steps": 10**30}])
def test_nonsense_for_settings_is_refused(owner: Any, api: APIClient, config: Any) -> None:
    answer = launch(api, factories.make_dataset(owner), config=config)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"].startswith("config")


def test_boxes_that_are_asked_for_must_be_there(owner: Any, api: APIClient) -> None:
    errors = refused_fields(launch(api, factories.make_dataset(owner), config={"steps": 1, "crop_to_boxes": True}))
    assert "no boxes to cut out" in errors["config.crop_to_boxes"]


def test_a_recipe_cuts_out_what_boxes_there_are(owner: Any, api: APIClient) -> None:
    assert launch(api, factories.make_dataset(owner), recipe="dogs").status_code == 201


def test_epochs_count_each_box_as_a_picture(owner: Any, api: APIClient) -> None:
    boxed = factories.make_dataset(owner, annotated=6, boxes=20)
    assert launch(api, boxed, config={"epochs": 10, "batch_size": 4, "crop_to_boxes": True}).json()["total_steps"] == 50


def test_more_steps_than_one_may_ask_for_are_refused_as_epochs_too(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner, image_count=100_000)
    answer = launch(api, dataset, config={"epochs": 1_000_000, "batch_size": 2})
    assert "10 million steps" in refused_fields(answer)["config.epochs"]


def test_what_it_needs_of_a_worker_is_stored(owner: Any, api: APIClient) -> None:
    wanted = {"needs_gpu": True, "needs_memory": 24 * 10**9, "pool": "fast"}
    answer = launch(api, factories.make_dataset(owner), config={"steps": 1}, **wanted).json()
    assert {name: answer[name] for name in wanted} == wanted
    assert answer["waiting_for"] == "No worker is there at the moment. It starts when one comes."


def test_what_earlier_runs_took_is_expected(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner)
    factories.make_run(owner, dataset, status="completed", step=100, images_per_second=8.0)
    run = launch(api, dataset, config=factories.CONFIG.model_dump(mode="json", exclude={"epochs"}))
    assert Run.objects.get(pk=run.json()["id"]).expected_seconds == 50  # 100 steps of 4 pictures


def test_a_full_queue_takes_no_more(owner: Any, member: Any, api: APIClient, settings: Any) -> None:
    settings.GANVAS_QUOTA_QUEUED = 2
    dataset = factories.make_dataset(owner)
    factories.make_run(member, dataset)
    assert [launch(api, dataset, config={"steps": 1}).status_code for _ in range(3)] == [201, 201, 409]
    (error,) = launch(api, dataset, config={"steps": 1}).json()["errors"]
    sentence = "Your queue is full: 2 runs of 2 wait. Let some start first, or stop some."
    assert error == {"code": "conflict", "detail": sentence, "attr": None}


def test_used_up_device_hours_launch_no_more(owner: Any, api: APIClient) -> None:
    dataset = factories.make_dataset(owner)
    DeviceTime.objects.add(owner.pk, 7200)
    owner.device_hours_quota = 3
    owner.save()
    assert launch(api, dataset, config={"steps": 1}).status_code == 201
    owner.device_hours_quota = 2
    owner.save()
    refused = launch(api, dataset, config={"steps": 1})
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["detail"].startswith("Your device time is used up: 2.0 of 2 hours in 30 days.")
