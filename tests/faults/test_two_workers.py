"""Several worker processes claim from one queue at the same time."""

import json
import subprocess
import sys

from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Run, Status, Transition
from tests.processes import ROOT, Broker, Portal, wait_until
from tests.training import launched, person, ready

CLAIMER = """
import json, sys
import django
django.setup()
from worker.claim import claim_next
print("ready", flush=True)
sys.stdin.readline()
claimed = []
while (run := claim_next(sys.argv[1])) is not None:
    claimed.append(str(run.pk))
print(json.dumps(claimed))
"""


def test_processes_that_race_for_runs_never_get_the_same_one(installation: Portal, broker: Broker) -> None:
    owner = person(running_quota=100)
    dataset = ready(owner)
    runs = {str(launched(owner, dataset, steps=1).pk) for _ in range(20)}
    environment = {**installation.variables(), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, f"rival-{n}"], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    claims = [json.loads(rival.communicate(timeout=60)[0]) for rival in rivals]
    assert sorted(pk for claimed in claims for pk in claimed) == sorted(runs)
    assert set(Run.objects.values_list("status", "attempt")) == {(Status.STARTING, 1)}
    assert Transition.objects.filter(to=Status.STARTING).count() == len(runs)


def test_a_busy_worker_leaves_the_message_to_an_idle_one(installation: Portal, broker: Broker, owner: User, dataset: Dataset) -> None:
    installation.worker("train", "first")
    busy = launched(owner, dataset, steps=1_000_000)
    wait_until(lambda: Run.objects.get(pk=busy.pk).status == Status.STARTING, "the first run to be claimed")
    second = launched(owner, dataset, steps=1_000_000)
    wait_until(lambda: broker.client().llen("train") == 1, "the message to wait")
    installation.worker("train", "second")
    wait_until(lambda: Run.objects.get(pk=second.pk).worker == "second@test", "the second worker to claim the second run", 10)
