"""A short campaign: one fault of each kind that no other test here has, on a few runs at once, and the audit that follows the long one."""

import hashlib
import json
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from safetensors.numpy import save

from benchmarks.chaos import audit, table
from benchmarks.chaos.campaign import Campaign, Programs
from benchmarks.chaos.faults import KINDS
from benchmarks.chaos.places import Disk, no_room_for
from portal.accounts.models import ApiToken, User
from portal.datasets.models import Dataset
from portal.runs.models import Artifact, LossPoint, Run, Status, weigh
from tests.faults.conftest import FEWEST, finish, process_of, trained_past_a_checkpoint
from tests.object_store import ObjectStore
from tests.processes import Broker, Portal, wait_until
from tests.streams import Watcher
from tests.training import checked, launched
from worker.claim import claim_next


class LimitedDisk(Disk):
    """Always the way that needs no rights."""

    def __init__(self, path: Path) -> None:
        self.path, self.mounted = path, False


SHORT_STEPS = 1500
"""About three seconds on an idle machine: time for a checkpoint."""
SHORT = (
    "two reapers at once, with every lease expired",
    "messages doubled",
    "messages lost",
    "a launch over HTTP while the broker is down",
    "a full disk",
    "kill -9 of the web process",
)


def test_a_short_campaign_leaves_every_run_as_if_undisturbed(broker: Broker, owner: User, dataset: Dataset, tmp_path: Path) -> None:
    programs = Programs()
    programs.broker = broker
    programs.environment = {"GANVAS_LEASE_SECONDS": "2", "GANVAS_MAX_FAILURES": "100"}
    User.objects.filter(pk=owner.pk).update(running_quota=10)
    try:
        campaign = Campaign(programs, owner, dataset, LimitedDisk(tmp_path), seed=1, steps=SHORT_STEPS, trainers=2, seeds=(1,))
        campaign.start()
        campaign.launch(2)
        campaign.upload()
        for kind in SHORT:
            assert campaign.inject(kind, KINDS[kind])
        found = campaign.finish()
    finally:
        programs.close()
    assert len(found) == 6 and not any(found.values()), found
    assert not [one for one in campaign.injected if one.problems]
    assert not campaign.watch.doubled and campaign.watch.looks > 20


class Flaky(ObjectStore):
    """Answers that it is overloaded, for as long as it is told to."""

    away = False

    def _count(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self.away:
            return super()._count(environ, start_response)
        self.requests.append(("refused", environ["PATH_INFO"]))
        start_response("503 Slow Down", [("Content-Length", "0")])
        return [b""]


def test_an_object_store_that_fails_for_a_while_costs_no_attempt(installation: Portal, broker: Broker, owner: User, settings: Any) -> None:
    store = Flaky()
    installation.environment |= {**store.variables, "GANVAS_CACHE": str(installation.directory / "node"), "AWS_MAX_ATTEMPTS": "1"}
    settings.STORAGES = {**settings.STORAGES, "default": store.storage}
    try:
        dataset = checked(owner)
        installation.worker()
        run = launched(owner, dataset, steps=SHORT_STEPS)
        wait_until(lambda: run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).exists(), "a checkpoint")
        store.away = True
        wait_until(lambda: [method for method, _ in store.requests].count("refused") > 2, "it to be asked in vain")
        store.away = False
        finish(run, installation)
        assert (run.attempt, run.failures) == (1, 0)
        assert not audit.problems(run)
    finally:
        store.stop()


def test_a_checkpoint_that_does_not_fit_on_the_disk_sends_the_run_back_without_a_failure(installation: Portal, owner: User, dataset: Dataset) -> None:
    """The one that a run writes before it leaves cannot wait."""
    worker = installation.worker()
    run = launched(owner, dataset, steps=FEWEST)
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    process = process_of(run)
    with no_room_for([process]):
        worker.send(signal.SIGTERM)
        worker.popen.wait(30)
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    assert "out of reach or full" in run.log_tail
    installation.worker("train", "second")
    finish(run, installation)
    assert not audit.problems(run)


def test_a_restart_of_the_web_process_leaves_an_open_page_complete(installation: Portal, owner: User, dataset: Dataset) -> None:
    web = installation.web()
    installation.worker()
    run = launched(owner, dataset, steps=SHORT_STEPS)
    _, token = ApiToken.objects.create(user=owner)
    headers = {"Authorization": f"Token {token}"}
    first = Watcher(f"{web.url}/api/v1/runs/{run.pk}/events/", headers)
    wait_until(lambda: first.of("losses"), "the first points")
    assert web.process.stop() < 10
    assert first.ended.wait(5)
    web = installation.web()
    second = Watcher(f"{web.url}/api/v1/runs/{run.pk}/events/", headers)
    seen = [point[0] for message in first.of("losses") for point in message.data["points"]]
    fetched = httpx.get(f"{web.url}/api/v1/runs/{run.pk}/losses/?after={seen[-1]}", headers=headers).json()
    finish(run, installation)
    wait_until(lambda: second.of("status") and second.of("status")[-1].data["status"] == "completed", "the page to hear of the end")
    seen += [point[0] for point in fetched["points"]]
    seen += [point[0] for message in second.of("losses") for point in message.data["points"] if point[0] > seen[-1]]
    assert seen == list(run.losses.values_list("step", flat=True))


DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_a_run_does_not_notice_that_the_database_was_away(installation: Portal, owner: User, dataset: Dataset) -> None:
    """PostgreSQL ends every connection, as when it restarts; SQLite lets nobody else in."""
    installation.environment["GANVAS_LEASE_SECONDS"] = "30"  # a lease that ends meanwhile is another matter
    installation.worker()
    run = launched(owner, dataset, steps=SHORT_STEPS)
    wait_until(lambda: run.losses.exists(), "the first points")
    for _ in range(3):
        run.refresh_from_db()
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(DISCONNECT)
            else:
                cursor.execute("BEGIN EXCLUSIVE")
                threading.Event().wait(0.5)
                cursor.execute("COMMIT")
        wait_until(lambda: run.losses.filter(step__gt=run.step).exists() or run.step == SHORT_STEPS, "it to go on")
    finish(run, installation)
    assert run.attempt == 1, [*run.transitions.values_list("reason", flat=True), run.log_tail]
    assert not audit.problems(run)


def completed(owner: User, dataset: Dataset) -> Run:
    """The rows and the file of a run that nothing happened to."""
    launched(owner, dataset, steps=30)
    run = claim_next("one")
    outcome = audit.undisturbed(run.train_config.model_copy(update=audit.CHANGES_NOTHING), run.dataset.sha256)
    values = [dict(zip(("step", "discriminator", "generator"), point, strict=True)) for point in outcome.losses]
    LossPoint.objects.bulk_create(LossPoint(run=run, attempt=1, seconds=1, **point) for point in values)
    weights = save(outcome.weights)
    name = default_storage.save(f"{run.directory}/weights-30-1.safetensors", ContentFile(weights))
    digest = hashlib.sha256(weights).hexdigest()
    Artifact.objects.create(run=run, attempt=1, kind=Artifact.Kind.WEIGHTS, step=30, file=name, bytes=len(weights), sha256=digest)
    weigh(Run.objects.filter(pk=run.pk))
    assert run.move(Status.COMPLETED, frm=(Status.STARTING,), reason="All steps done", step=30, lease_expires=None)
    return run


def test_the_auditor_sees_what_is_wrong(owner: User, dataset: Dataset) -> None:
    run = completed(owner, dataset)
    assert not audit.problems(run)
    path = Path(default_storage.path(run.artifacts.get().file.name))
    whole = path.read_bytes()
    last = run.losses.last()
    harms = {
        "Loss points are missing": lambda: last.delete(),
        "other values": lambda: LossPoint(run=run, attempt=1, step=last.step, seconds=1, discriminator=0.1, generator=0.2).save(),
        "no longer held the run": lambda: run.losses.filter(step=last.step).update(attempt=2),
        "is said to store": lambda: Run.objects.filter(pk=run.pk).update(stored=0),
        "not what was stored": lambda: path.write_bytes(whole[:-4] + bytes(4)),
        "not those of an undisturbed run": lambda: None,
        "of a row is missing": path.unlink,
        "No row knows the file": lambda: default_storage.save(f"{run.directory}/samples/1-1.webp", ContentFile(b"")),
        "It is failed": lambda: Run.objects.filter(pk=run.pk).update(status=Status.FAILED),
        "Its history has a gap": lambda: None,
    }
    for words, harm in harms.items():
        harm()
        assert any(words in problem for problem in audit.problems(run)), words


def test_the_auditor_sees_what_is_wrong_with_a_dataset(owner: User, dataset: Dataset) -> None:
    audited = checked(owner)
    assert not [*audit.dataset_problems(audited, dataset)]
    archive, thumbnails = (Path(default_storage.path(f"{audited.directory}/{name}")) for name in ("archive", "checked-1/thumbnails"))
    whole = thumbnails.read_bytes()
    left = f"{audited.directory}/checked-9/thumbnails"
    default_storage.save(left, ContentFile(b"of an attempt that was killed, which the daily cleaning deletes"))
    assert not [*audit.dataset_problems(audited, dataset)]
    harms = {
        "has other contents": lambda: thumbnails.write_bytes(whole[:-4] + bytes(4)),
        "thumbnails is missing": thumbnails.unlink,
        "archive is missing": archive.unlink,
        "No row knows the file": lambda: default_storage.save(f"{audited.directory}/other", ContentFile(b"")),
        "image_count is another": lambda: Dataset.objects.filter(pk=audited.pk).update(image_count=1),
        "has a gap": lambda: audited.skipped.create(position=0, path="x", reason="damaged"),
        "It is failed": lambda: Dataset.objects.filter(pk=audited.pk).update(status=Dataset.Status.FAILED),
    }
    for words, harm in harms.items():
        harm()
        assert any(words in problem for problem in audit.dataset_problems(audited, dataset)), words


def test_every_table_has_its_place_on_the_real_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = {"kind": "a fault", "at": 1.0, "told": "", "problems": []}
    machine = {"date": "2026-01-02", "processor": "P", "cores": 2, "load": 0.1}
    results = {
        "database": "SQLite",
        "seed": 1,
        "minutes": 10,
        "machine": machine,
        "injected": [fault, {**fault, "problems": ["x"]}],
        "disk": "a disk",
    }
    results |= {
        "runs": 2,
        "completed": 2,
        "attempts": 3,
        "equal_runs": 1,
        "datasets": 4,
        "equal_datasets": 4,
        "checks": 5,
        "wrong": {"x": ["lost"]},
        "measured": {},
        "looks": 9,
        "overlaps": 0,
        "longest": 0,
        "doubled": [],
    }
    (tmp_path / "page.md").write_text(table.PAGE.read_text())
    (tmp_path / "sqlite.json").write_text(json.dumps(results))
    monkeypatch.setattr(table, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(table, "PLACE", tmp_path)
    for _ in range(2):  # the second time over what the first one wrote
        table.write()
    page = (tmp_path / "page.md").read_text()
    assert page.count("| a fault | 2 | 1 |") == 1
    assert page.count("2 faults in 10 minutes. 2 of 2 runs were completed, in 3 attempts, and 1 are as undisturbed ones bit for bit.") == 1
