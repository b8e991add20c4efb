"""REST: lists of runs, one run, and the same payload on the live stream."""

import json
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from portal.runs.models import Run
from portal.runs.payloads import losses_payload, run_payload, sample_payload
from tests import factories


def test_the_list_costs_a_fixed_number_of_queries(owner: Any, api: APIClient, django_assert_max_num_queries: Any) -> None:
    dataset = factories.make_dataset(owner)
    for number in range(12):
        factories.make_run(owner, dataset, name=f"Run {number}")
    with django_assert_max_num_queries(9):  # session, user, count, rows, and the queue: what is at work, who is there, who waits, shares, quotas
        assert len(api.get("/api/v1/runs/").json()["results"]) == 12


def test_one_run_costs_few_queries(owner: Any, api: APIClient, django_assert_max_num_queries: Any) -> None:
    run = factories.make_run(owner)
    with django_assert_max_num_queries(8):
        api.get(f"/api/v1/runs/{run.pk}/")


def test_the_list_is_filtered(owner: Any, member: Any, api: APIClient) -> None:
    wanted = factories.make_run(owner, status="paused", recipe="dogs")
    factories.make_run(owner, status="failed")
    factories.make_run(member, visibility="public")
    found = [
        api.get(f"/api/v1/runs/?{query}").json()["results"]
        for query in (f"dataset={wanted.dataset_id}", "status=paused&status=running", "owner=olga&status=paused", "recipe=dogs")
    ]
    assert [[one["id"] for one in results] for results in found] == [[str(wanted.pk)]] * 4


def test_a_wrong_filter_is_named(api: APIClient) -> None:
    answer = api.get("/api/v1/runs/?status=asleep&dataset=7")
    assert answer.status_code == 400
    assert {error["attr"] for error in answer.json()["errors"]} == {"status", "dataset"}


def test_dataset_is_an_id_and_owner_a_name(owner: Any, api: APIClient) -> None:
    run = factories.make_run(owner)
    answer = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert (answer["dataset"], answer["owner"]) == (str(run.dataset_id), "olga")


def test_the_stream_sends_what_the_api_answers(owner: Any, api: APIClient) -> None:
    run = factories.finished_run(owner)
    assert json.loads(json.dumps(run_payload(Run.objects.get(pk=run.pk)))) == api.get(f"/api/v1/runs/{run.pk}/").json()
    sheets = [json.loads(json.dumps(sample_payload(sample))) for sample in run.samples.all()]
    assert sheets == api.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"]
    assert losses_payload(run.losses.all()) == api.get(f"/api/v1/runs/{run.pk}/losses/").json()


def test_a_payload_never_names_a_host(owner: Any) -> None:
    run = factories.finished_run(owner)
    assert "://" not in json.dumps([run_payload(run), *(sample_payload(sample) for sample in run.samples.all())])


def test_time_left_comes_from_the_present_rate(owner: Any, api: APIClient, django_assert_num_queries: Any) -> None:
    run = factories.make_run(owner, status="running", step=60, images_per_second=16.0, updated=timezone.now())
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["eta_seconds"] == 10.0  # 40 steps of 4 pictures
    with django_assert_num_queries(1):  # it needs no more of the settings
        assert Run.objects.at_pace().get(pk=run.pk).eta_seconds == 10.0


def test_unknown_addresses_answer_in_the_common_form(api: APIClient) -> None:
    answer = api.get("/api/v1/runs/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


def test_later_pages_go_on_where_the_first_one_ends(owner: Any, api: APIClient) -> None:
    made = [str(factories.make_run(owner, name=f"run {number}").pk) for number in range(5)]
    pages = [api.get(f"/api/v1/runs/?page_size=2&page={page}").json() for page in (1, 2, 3)]
    assert [run["id"] for page in pages for run in page["results"]] == made[::-1]
    assert [page["count"] for page in pages] == [5, 5, 5]
