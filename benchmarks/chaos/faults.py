"""The kinds of faults. Each takes a campaign, does its harm and undoes what somebody would have to undo (a full disk, a stopped server); says what
it was done to, or None if there was nothing. Fails by assertion where the harm itself must have been without effect.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from benchmarks.chaos.campaign import Campaign
from benchmarks.chaos.places import read_only
from portal import broker, queue
from portal.runs.models import Artifact, LossPoint, Run, Sample
from tests.processes import wait_until
from tests.training import TINY
from worker.reap import reap

Fault = Callable[[Campaign], str | None]


def kill_run(campaign: Campaign) -> str | None:
    """Only one that has not crashed since its last checkpoint: a second kill in a row means that memory ran out, and divides batches."""
    found = campaign.at_work()
    if found is None:
        return None
    os.kill(found[1].pid, signal.SIGKILL)
    return f"at step {found[0].step}"


def kill_worker(campaign: Campaign) -> str:
    return _kill(campaign, campaign.random.choice([name for name in campaign.names if name.startswith("train")]))


def kill_reaper(campaign: Campaign) -> str:
    return _kill(campaign, campaign.random.choice(["ingest", "beat"]))


def _kill(campaign: Campaign, name: str) -> str:
    campaign.running[name].kill()
    return name


def stop_worker(campaign: Campaign) -> str:
    """As a deployment does."""
    name = campaign.random.choice([name for name in campaign.names if name.startswith("train")])
    wait_until(lambda: campaign.running[name].popen.poll() is not None or "ready." in campaign.running[name].text, "the worker to listen")
    if campaign.running[name].popen.poll() is None:
        seconds = campaign.running[name].stop(60)
        campaign.measured.setdefault("worker told to end", []).append(round(seconds, 2))
    return name


def kill_web(campaign: Campaign) -> str:
    campaign.web.process.kill()
    campaign.web = campaign.programs.web()
    return ""


def kill_broker(campaign: Campaign, *, wipe: bool = False) -> str:
    campaign.programs.broker.kill(wipe=wipe)
    time.sleep(campaign.random.uniform(0, 4))
    campaign.programs.broker.start()
    return ""


def wipe_broker(campaign: Campaign) -> str:
    return kill_broker(campaign, wipe=True)


def launch_without_broker(campaign: Campaign) -> str:
    """A launch over HTTP succeeds, and soon."""
    campaign.programs.broker.kill()
    begun = time.monotonic()
    try:
        answer = _launch(campaign)
        seconds = time.monotonic() - begun
    finally:
        campaign.programs.broker.start()
    assert answer.status_code == 201, f"{answer.status_code}: {answer.text[:300]}"
    campaign.measured.setdefault("launch without a broker", []).append(round(seconds, 2))
    return f"launched in {seconds:.1f} s"


def _launch(campaign: Campaign) -> httpx.Response:
    config = {**TINY, "steps": campaign.steps, "seed": 1}
    body = {"name": "Over HTTP", "dataset": str(campaign.dataset.pk), "config": config}
    return httpx.post(f"{campaign.web.url}/api/v1/runs/", json=body, headers={"Authorization": f"Token {campaign.token}"}, timeout=60)


def restart_database(campaign: Campaign) -> str:
    """At once, as if the server had crashed; it is away for up to a lease and a half."""
    connection.close()
    campaign.database.crash()
    away = campaign.random.uniform(0, 1.5 * settings.GANVAS_LEASE_SECONDS)
    time.sleep(away)
    campaign.database.start(hasty=False)
    return f"away for {away:.1f} s"


def fill_database(campaign: Campaign) -> str:
    """The disk of the database's server is full, which it survives or not; what is asked of the portal meanwhile is done, or refused with 503."""
    seconds = campaign.random.uniform(1, 1.5 * settings.GANVAS_LEASE_SECONDS)
    connection.close()
    with campaign.database.disk.full(()):
        end = time.monotonic() + seconds
        answers = [_launch(campaign)]
        while time.monotonic() < end:
            time.sleep(1)
            answers.append(_launch(campaign))
    campaign.database.come_back()
    codes = [answer.status_code for answer in answers]
    assert {*codes} <= {201, 503}, f"Answers were {codes}"
    return f"for {seconds:.1f} s, {codes.count(201)} of {len(codes)} launches done"


def fill_disk(campaign: Campaign) -> str:
    """Until a checkpoint, sheets and, with SQLite, rows had to be written."""
    seconds = campaign.random.uniform(1, 1.5 * settings.GANVAS_LEASE_SECONDS)
    with campaign.disk.full(campaign.pids()):
        time.sleep(seconds)
    return f"for {seconds:.1f} s"


def storage_away(campaign: Campaign) -> str:
    """No file can be written or deleted."""
    seconds = campaign.random.uniform(1, 2 * settings.GANVAS_LEASE_SECONDS)
    with read_only(Path(settings.MEDIA_ROOT)):
        time.sleep(seconds)
    return f"for {seconds:.1f} s"


def freeze_worker(campaign: Campaign) -> str | None:
    """A worker and its run's process sleep past the lease; when they wake, nothing that they still do may leave a row."""
    found = campaign.at_work(unharmed=False)
    if found is None:
        return None
    run, process = found
    name = run.worker.partition("@")[0]
    campaign.running[name].send(signal.SIGSTOP)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: campaign.ask(Run.objects.filter(pk=run.pk, attempt=run.attempt, lease_expires__isnull=False).count) == 0, "it to be taken")
        before = campaign.ask(lambda: _rows(run))
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        campaign.running[name].send(signal.SIGCONT)
    wait_until(lambda: not Path(f"/proc/{process.pid}/environ").exists() or not _lives(process.pid), "the woken process to end", 30)
    after = campaign.ask(lambda: _rows(run))
    assert after <= before, f"Attempt {run.attempt} of run {run.pk} wrote {len(after - before)} rows after it woke"
    return f"attempt {run.attempt} at step {run.step}"


def _rows(run: Run) -> set[tuple[str, int]]:
    """What this attempt has in the tables."""
    return {
        (model.__name__, pk)
        for model in (LossPoint, Sample, Artifact)
        for pk in model.objects.filter(run=run, attempt=run.attempt).values_list("pk", flat=True)
    }


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def expire_leases(campaign: Campaign) -> str:
    """As after a jump of the database's clock."""
    moved = campaign.ask(_expire)
    return f"{moved} leases"


def _expire() -> int:
    return Run.objects.active().update(lease_expires=timezone.now() - timedelta(hours=1))


def set_clock(campaign: Campaign) -> str:
    """Of one program's machine; right again after a while."""
    clocks = campaign.programs.clocks
    assert clocks
    name, hours = campaign.random.choice(sorted(clocks.names)), campaign.random.choice((-1, 1))
    clocks.set(name, 3600 * hours)
    seconds = campaign.random.uniform(1, 2 * settings.GANVAS_LEASE_SECONDS)
    time.sleep(seconds)
    clocks.set(name, 0)
    return f"{name}: {hours:+} h for {seconds:.1f} s"


def two_reapers(campaign: Campaign) -> str:
    """At once, where every lease has just expired, and beside the installation's own."""
    campaign.ask(_expire)
    reapers = [threading.Thread(target=_reap) for _ in range(2)]
    for one in reapers:
        one.start()
    for one in reapers:
        one.join()
    return ""


def _reap() -> None:
    try:
        reap()
    finally:
        connection.close()


def double_messages(campaign: Campaign) -> str:
    for _ in range(10):
        queue.train()
        queue.ingest(campaign.dataset.pk)
    return "10 of each"


def lose_messages(campaign: Campaign) -> str:
    campaign.launch()
    lost = sum(int(broker.client().llen(name)) for name in ("train", "ingest"))
    broker.client().delete("train", "ingest")
    return f"{lost} lost"


def truncate_checkpoint(campaign: Campaign) -> str | None:
    """The newest one, half of which is gone when its run has to go on from it."""
    found = campaign.at_work()
    if found is None:
        return None
    run, process = found
    os.kill(process.pid, signal.SIGSTOP)
    try:
        kept = campaign.ask(lambda: list(run.artifacts.filter(kind=Artifact.Kind.CHECKPOINT).order_by("-step")))
        if len(kept) == 2:
            path = Path(default_storage.path(kept[0].file.name))
            os.truncate(path, path.stat().st_size // 2)
    finally:
        os.kill(process.pid, signal.SIGKILL)
    return f"of step {kept[0].step}" if len(kept) == 2 else "there was only one, which stayed whole"


KINDS: dict[str, Fault] = {
    "kill -9 of a run's process": kill_run,
    "kill -9 of a training worker": kill_worker,
    "kill -9 of the ingest worker or beat": kill_reaper,
    "a training worker told to end, as for a deployment": stop_worker,
    "kill -9 of the web process": kill_web,
    "kill -9 of the broker, back within 4 s": kill_broker,
    "the broker wiped": wipe_broker,
    "a launch over HTTP while the broker is down": launch_without_broker,
    "the database's server crashes and is restarted": restart_database,
    "a full disk": fill_disk,
    "a full disk of the database's server": fill_database,
    "storage read-only": storage_away,
    "a worker frozen past its lease, and woken": freeze_worker,
    "a machine's clock set an hour ahead or behind, and right again": set_clock,
    "every lease expires at once": expire_leases,
    "two reapers at once, with every lease expired": two_reapers,
    "messages doubled": double_messages,
    "messages lost": lose_messages,
    "the newest checkpoint cut in half, and its run killed": truncate_checkpoint,
}


def possible(campaign: Campaign) -> dict[str, Fault]:
    """Those that can be done here: some need a server of the database, the right to mount, or time-machine."""
    lacking: set[Fault] = set()
    if campaign.database is None:
        lacking |= {restart_database, fill_database}
    elif not campaign.database.disk.mounted:
        lacking.add(fill_database)
    if campaign.programs.clocks is None:
        lacking.add(set_clock)
    return {kind: fault for kind, fault in KINDS.items() if fault not in lacking}
