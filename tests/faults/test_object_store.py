"""Files in an S3-compatible storage: any node finds what another has left."""

from portal.accounts.models import User
from portal.runs.models import Artifact
from tests.faults.conftest import a_while, assert_as_if_undisturbed, finish, process_of, trained_past_a_checkpoint
from tests.object_store import ObjectStore
from tests.processes import Broker, Portal, wait_until
from tests.training import checked, launched
from worker import prepared


def test_a_run_goes_on_on_another_node_when_its_own_has_died(installation: Portal, broker: Broker, store: ObjectStore, owner: User) -> None:
    dataset, steps = checked(owner), a_while()
    store.requests.clear()
    first, second = (str(installation.directory / node) for node in ("first", "second"))
    installation.environment["GANVAS_CACHE"] = first
    node = installation.worker("train", "first")
    run = launched(owner, dataset, steps=steps)
    wait_until(lambda: trained_past_a_checkpoint(run), "some training after a checkpoint")
    node.kill()
    wait_until(lambda: process_of(run) is None, "the run's process to die with its node", 5)
    installation.environment["GANVAS_CACHE"] = second
    installation.worker("ingest")
    installation.beat()
    installation.worker("train", "second")
    finish(run, installation)
    assert (run.attempt, run.worker) == (2, "second@test")
    assert store.fetched(dataset.archive.name) == 2, "Once for each node"
    checkpoints = {path for method, path in store.requests if method == "GET" and f"/{Artifact.Kind.CHECKPOINT.value}-" in path}
    assert checkpoints, "It went on from a checkpoint in storage"
    assert not list(prepared.WORK.glob(f"{run.pk}_*")), "Nothing of it was on this process's disk"
    assert_as_if_undisturbed(run)
