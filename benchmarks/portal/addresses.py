"""What is asked of the web process: every page and every list, by those who ask it, of rows of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db.models import Q

from benchmarks.portal.fill import opened_datasets, opened_runs
from portal.accounts.models import User
from portal.datasets.models import Dataset
from portal.runs.models import Run, Status

STRANGER, MEMBER, STAFF = "stranger", "member", "staff"


@dataclass(frozen=True, slots=True)
class Address:
    title: str
    path: str
    """With names of `ids`, each time another one."""
    who: str = MEMBER


PAGES = (
    Address("Home, of a stranger", "/", STRANGER),
    Address("Gallery, of a member", "/gallery/"),
    Address("Gallery, of the staff", "/gallery/", STAFF),
    Address("Gallery, far down", "/gallery/?page={wall}"),
    Address("Gallery, only mine", "/gallery/?show=mine"),
    Address("Gallery, only live", "/gallery/?show=live"),
    Address("Gallery, favourites", "/gallery/?show=favourites"),
    Address("Gallery, longest trained", "/gallery/?order=longest"),
    Address("Gallery, by name", "/gallery/?order=name"),
    Address("Gallery, a search", "/gallery/?q=birds"),
    Address("Gallery, a dataset", "/gallery/?dataset={dataset}"),
    Address("Datasets", "/datasets/"),
    Address("Datasets, far down", "/datasets/?page={sets}"),
    Address("Datasets, a search", "/datasets/?q=leaves"),
    Address("A dataset", "/datasets/{dataset}/"),
    Address("Its skipped files", "/datasets/{dataset}/skipped.csv"),
    Address("Change a dataset", "/datasets/{own_dataset}/edit/"),
    Address("Delete a dataset", "/datasets/{own_dataset}/delete/"),
    Address("Upload", "/datasets/new/"),
    Address("New run: pictures", "/runs/new/"),
    Address("New run: recipe", "/runs/new/?dataset={dataset}"),
    Address("New run: settings", "/runs/new/?dataset={dataset}&recipe=quick"),
    Address("New run: from another", "/runs/new/?clone={run}"),
    Address("A run", "/runs/{run}/"),
    Address("A run of 2,080 sheets", "/runs/{long}/"),
    Address("A waiting run", "/runs/{waiting}/"),
    Address("A run at work", "/runs/{running}/"),
    Address("Change a run", "/runs/{own_run}/edit/"),
    Address("Delete a run", "/runs/{own_run}/delete/"),
    Address("Queue", "/queue/"),
    Address("Account", "/account/"),
    Address("Status", "/status/"),
    Address("Help", "/help/"),
    Address("Reference", "/api/docs/"),
    Address("Sign-in", "/accounts/login/", STRANGER),
)
CALLS = (
    Address("`runs/`", "/api/v1/runs/"),
    Address("`runs/?page=`, far down", "/api/v1/runs/?page={runs}"),
    Address("`runs/?status=queued`", "/api/v1/runs/?status=queued"),
    Address("`runs/?dataset=`", "/api/v1/runs/?dataset={dataset}"),
    Address("`queue/`", "/api/v1/queue/"),
    Address("`runs/<id>/`", "/api/v1/runs/{run}/"),
    Address("`losses/` of 5,000 points", "/api/v1/runs/{long}/losses/"),
    Address("`losses/?after=`", "/api/v1/runs/{long}/losses/?after=19900"),
    Address("`samples/`", "/api/v1/runs/{run}/samples/"),
    Address("`samples/?page=40`", "/api/v1/runs/{long}/samples/?page=40"),
    Address("`samples/<step>/nearest/`", "/api/v1/runs/{open_run}/samples/0/nearest/?tile=3"),
    Address("`samples/<step>/image/`", "/api/v1/runs/{run}/samples/0/image/"),
    Address("`scores/`", "/api/v1/runs/{run}/scores/"),
    Address("`log/`", "/api/v1/runs/{run}/log/"),
    Address("`transitions/`", "/api/v1/runs/{run}/transitions/"),
    Address("`transitions/` of 80 moves", "/api/v1/runs/{long}/transitions/"),
    Address("`artifacts/`", "/api/v1/runs/{run}/artifacts/"),
    Address("`datasets/`", "/api/v1/datasets/"),
    Address("`datasets/?page=`, far down", "/api/v1/datasets/?page={datasets}"),
    Address("`datasets/<id>/`", "/api/v1/datasets/{dataset}/"),
    Address("`skipped/`", "/api/v1/datasets/{dataset}/skipped/"),
    Address("`images/`", "/api/v1/datasets/{dataset}/images/"),
    Address("`thumbnails/<index>/`", "/api/v1/datasets/{dataset}/thumbnails/7/"),
    Address("`recipes/?dataset=`", "/api/v1/recipes/?dataset={dataset}"),
    Address("`architectures/`", "/api/v1/architectures/"),
    Address("`config-schema/`", "/api/v1/config-schema/"),
    Address("`favourites/`", "/api/v1/favourites/"),
    Address("`deeds/`", "/api/v1/deeds/"),
    Address("`deeds/`, of the staff", "/api/v1/deeds/", STAFF),
    Address("`me/notices/`", "/api/v1/me/notices/"),
    Address("`me/notices/deliveries/`", "/api/v1/me/notices/deliveries/"),
    Address("`auth/tokens/`", "/api/v1/auth/tokens/"),
    Address("`me/`", "/api/v1/me/"),
)
ALL = (*PAGES, *CALLS)


def ids() -> dict[str, Sequence[Any]]:
    """What may stand for each name in a path: what the asking member may see, few enough to have files, many enough to differ."""
    return {
        "dataset": [dataset.pk for dataset in opened_datasets()],
        "run": [run.pk for run in opened_runs()],
        "long": [run.pk for run in _long()],
        "waiting": [run.pk for run in opened_runs(status=Status.QUEUED)],
        "running": [run.pk for run in opened_runs(status=Status.RUNNING)],
        "open_run": [run.pk for run in opened_runs(dataset__visibility="public")],
        "own_run": [run.pk for run in opened_runs(owner=member())],
        "own_dataset": list(Dataset.objects.filter(owner=member()).values_list("pk", flat=True)[:20]),
        **far_down(),
    }


def member() -> User:
    """The one who has the most."""
    return User.objects.filter(is_staff=False).earliest("pk")


def far_down() -> dict[str, Sequence[int]]:
    """Pages of lists nine tenths down, for a member, whichever."""
    members = Q(visibility__in=("members", "public"))
    runs, datasets = Run.objects.filter(members).count(), Dataset.objects.filter(members).count()
    counts = {"wall": runs / 24, "runs": runs / 50, "sets": datasets / 24, "datasets": datasets / 50}
    return {name: [max(1, int(0.9 * pages))] for name, pages in counts.items()}


def _long() -> list[Run]:
    """With as many loss points and sheets as any."""
    newest = Run.objects.filter(visibility="public", status=Status.COMPLETED, name__endswith="00").order_by("-created")[:200]
    return [run for run in newest if run.samples.count() > 1000][:10]


def filled(address: Address, known: dict[str, Sequence[Any]], random: Random) -> str:
    return address.path.format(**{name: random.choice(found) for name, found in known.items()})
