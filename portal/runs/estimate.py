"""How long a run would take and how much memory: from what this installation has measured of settings like these, in runs or in dry runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError

from gan_core.config import TrainConfig
from portal.datasets.models import Dataset
from portal.estimates.likeness import Settled, settle
from portal.estimates.models import Estimate
from portal.runs.models import Run

RECENT = 400
"""Runs that are looked through for speeds."""
WARM = 50
"""Steps after which a run's speed can be relied on."""

KNOWN = 10_000
_keys: dict[UUID, str] = {}
"""Run -> key of its settled settings, of at most about KNOWN runs. Neither its settings nor its checked pictures ever change."""

Speeds = Mapping[str, float]
"""Real pictures a second, by the key of settled settings."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a run before its launch."""

    seconds: float | None = None
    """Of the whole run."""
    by_runs: bool = False
    """The time is that of earlier runs; else a dry run has measured it."""
    estimate: Estimate | None = None
    """What a dry run found, or is about to find."""


def measured() -> Speeds:
    """Speeds of the newest runs."""
    recent = Run.objects.exclude(images_per_second=None).filter(step__gte=WARM).order_by("-last_sampled")
    rates = list(recent.values_list("pk", "images_per_second")[:RECENT])
    _settle([pk for pk, _ in rates if pk not in _keys])
    speeds: dict[str, float] = {}
    for pk, rate in rates:
        if key := _keys.get(pk):
            speeds.setdefault(key, rate)
    return speeds


def _settle(unknown: list[UUID]) -> None:
    """Note the keys of runs; settings of an older version have none."""
    if len(_keys) > KNOWN:
        _keys.clear()
    for run in Run.objects.filter(pk__in=unknown).select_related("dataset").defer("log_tail") if unknown else ():
        try:
            _keys[run.pk] = settle(run.train_config, run.dataset).key
        except ValidationError:
            _keys[run.pk] = ""


def outlook(config: TrainConfig, dataset: Dataset, settled: Settled, speeds: Speeds, estimate: Estimate | None) -> Outlook:
    """Runs come before dry runs: they have taken long enough to be believed."""
    count = dataset.training_count(config)
    if not count:
        return Outlook(estimate=estimate)
    total = config.total_steps(count)
    if speed := speeds.get(settled.key):
        return Outlook(config.discriminator_steps_until(total) * config.batch_size / speed, True, estimate)
    if estimate and estimate.seconds_per_step:
        share = config.discriminator_steps_until(total) / config.discriminator_steps  # a step of the warm-up counts for several
        return Outlook(estimate.seconds_per_step * share, False, estimate)
    return Outlook(estimate=estimate)


def one(config: TrainConfig, dataset: Dataset) -> Outlook:
    """The outlook of these settings on these pictures."""
    settled = settle(config, dataset)
    return outlook(config, dataset, settled, measured(), Estimate.objects.filter(pk=settled.key).first())


def several(configs: Iterable[TrainConfig], dataset: Dataset) -> list[Outlook]:
    """The same of many configurations, in two queries."""
    settled = [(config, settle(config, dataset)) for config in configs]
    speeds, estimates = measured(), Estimate.objects.valid().in_bulk([one.key for _, one in settled])
    return [outlook(config, dataset, one, speeds, estimates.get(one.key)) for config, one in settled]
