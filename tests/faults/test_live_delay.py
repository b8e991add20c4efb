"""From a real run to an open page: everything arrives, and at once."""

import httpx
from django.test import Client

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Sample
from tests.faults.conftest import finish
from tests.processes import Portal, wait_until
from tests.streams import Watcher
from tests.training import launched


def test_an_open_page_gets_sheets_within_a_second_and_everything_else(installation: Portal, owner: User, dataset: Dataset, capsys) -> None:
    web = installation.web()
    run = launched(owner, dataset, steps=1500)
    client = Client()
    client.force_login(owner)
    cookie = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    watcher = Watcher(f"{web.url}/api/v1/runs/{run.pk}/events/", cookie)
    installation.worker()
    finish(run, installation)
    wait_until(lambda: watcher.of("status") and watcher.of("status")[-1].data["status"] == "completed", "the page to hear of the end")
    sheets = watcher.of("sample")
    written = {sample.pk: sample.created.timestamp() for sample in Sample.objects.filter(run=run)}
    assert {message.data["id"] for message in sheets} == set(written)
    delays = sorted(message.received - written[message.data["id"]] for message in sheets)
    with capsys.disabled():
        print(f"\n{len(delays)} sheets, from row to page: median {delays[len(delays) // 2] * 1000:.0f} ms, longest {delays[-1] * 1000:.0f} ms")
    assert delays[-1] < 1
    points = [point for message in watcher.of("losses") for point in message.data["points"]]
    assert [point[0] for point in points] == list(run.losses.values_list("step", flat=True))
    assert any("Training on CPU" in line for message in watcher.of("log") for line in message.data["lines"])
    assert [message.data["status"] for message in watcher.of("status")][0] == "starting"
    assert httpx.get(f"{web.url}{sheets[-1].data['image']}", headers=cookie).headers["content-type"] == "image/webp"
