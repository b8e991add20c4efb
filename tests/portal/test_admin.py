"""The administration opens for the staff, signs in on the same page as everybody, and spoils nothing."""

from typing import Any

import pytest
from django.test import Client

from portal.runs.models import Run
from tests import factories

PAGES = ["", "accounts/user/", "accounts/apitoken/", "datasets/dataset/", "runs/run/", "workers/worker/", "trail/deed/"]


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_for_the_staff(clients: dict[str, Client], owner: Any, page: str) -> None:
    factories.make_run(owner)
    assert clients["staff"].get(f"/admin/{page}").status_code == 200


@pytest.mark.parametrize("who", ["member", "owner"])
@pytest.mark.parametrize("page", PAGES)
def test_it_stays_closed_for_others(clients: dict[str, Client], page: str, who: str) -> None:
    assert clients[who].get(f"/admin/{page}", follow=True).status_code == 403


def test_strangers_sign_in_on_the_common_page(clients: dict[str, Client]) -> None:
    answer = clients["stranger"].get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_a_change_keeps_what_the_process_wrote_meanwhile(clients: dict[str, Client], owner: Any) -> None:
    run = factories.make_run(owner, status="running", step=5)
    page = clients["staff"].get(f"/admin/runs/run/{run.pk}/change/")
    assert page.status_code == 200
    form = {"name": "Monday", "owner": owner.pk, "visibility": "public", "priority": 0}
    formset = {f"transitions-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert clients["staff"].post(f"/admin/runs/run/{run.pk}/change/", {**form, **formset}).status_code == 302
    assert Run.objects.values_list("name", "visibility", "step").get(pk=run.pk) == ("Monday", "public", 5)


def test_quotas_are_set_here(clients: dict[str, Client], owner: Any) -> None:
    page = clients["staff"].get(f"/admin/accounts/user/{owner.pk}/change/").content.decode()
    assert all(f'name="{quota}"' in page for quota in ("storage_quota", "running_quota", "queued_quota", "device_hours_quota"))
