"""What the launch page tells of a run that is not launched yet: its time, its memory, its place in the queue."""

from dataclasses import dataclass
from typing import Any

from gan_core.config import TrainConfig
from portal import words
from portal.datasets.models import Dataset
from portal.estimates.models import Estimate
from portal.runs import waiting
from portal.runs.estimate import Outlook, one
from portal.runs.models import Run
from portal.runs.settings_form import SettingsForm

UNKNOWN = "no run like it was measured yet"
SOON = 6.0
"""Seconds for a worker to take a question up. Where none does, nobody is told that something is being measured."""


@dataclass(frozen=True, slots=True)
class Told:
    time: str = ""
    time_words: str = UNKNOWN
    memory: str = ""
    memory_words: str = "memory"
    warning: str = ""
    """Why it will not fit into memory, and what would."""
    pending: bool = False
    """More will be known soon."""


def of(form: SettingsForm, dataset: Dataset) -> Told:
    """Of the form as it stands."""
    return told(form.told, one(form.told, dataset)) if form.told else Told()


def told(config: TrainConfig, outlook: Outlook) -> Told:
    estimate = outlook.estimate
    pending = estimate is not None and estimate.is_pending
    time, time_words = _time(outlook)
    if estimate is None or estimate.fits is None:
        return Told(time, time_words, pending=pending)
    return Told(time, time_words, *_memory(estimate), warning=warning(config, estimate))


def _time(outlook: Outlook) -> tuple[str, str]:
    estimate = outlook.estimate
    if outlook.seconds:
        return words.duration(outlook.seconds), "as earlier runs took here" if outlook.by_runs or estimate is None else f"on {_device(estimate)}"
    if estimate and estimate.is_pending and (estimate.begun or estimate.is_fresh(SOON)):
        return "", "Measuring…"
    if estimate and estimate.fits is False:
        return "", "it does not fit"
    if estimate and estimate.error:
        return "", estimate.error[0].lower() + estimate.error[1:].rstrip(".").split(". ")[0]
    return "", UNKNOWN


def _memory(estimate: Estimate) -> tuple[str, str]:
    assert estimate.memory_bytes is not None and estimate.available_bytes is not None
    return amount(estimate.memory_bytes), f"of {amount(estimate.available_bytes)} memory"


def warning(config: TrainConfig, estimate: Estimate) -> str:
    """Batch 128 at 256 px needs about 31 GB, the GPU has 24 GB. Batch 64 fits."""
    if estimate.fits is not False:
        return ""
    _, of = _memory(estimate)
    has = f"the {'GPU' if estimate.is_gpu else 'machine'} has {of.split(' ', 1)[1].removesuffix(' memory')}"
    is_known = (estimate.memory_bytes or 0) > (estimate.available_bytes or 0)  # else it ran out before one could tell
    much = f"about {amount(estimate.memory_bytes or 0)}" if is_known else "more memory than there is"
    needs = f"Batch {config.batch_size} at {size(config)} needs {much}, {has}."
    fits = min(estimate.largest_batch, config.batch_size // 2)
    return f"{needs} Batch {fits} fits." if fits >= 2 else f"{needs} Choose smaller pictures or narrower networks."


def size(config: TrainConfig) -> str:
    return f"{config.width} px" if config.width == config.height else f"{config.width} × {config.height} px"


def amount(count: int) -> str:
    """Bytes as one speaks of memory: 31 GB, 1.2 GB, 800 MB."""
    return f"{round(count / 1e9)} GB" if count >= 10e9 else f"{count / 1e9:.1f} GB" if count >= 1e9 else words.size(count)


def place(person: Any) -> str:
    """In the queue, of a run that this person would launch now: "2nd", or "next"."""
    place = waiting.place_of_one_more(person)
    return words.ordinal(place) if place > 1 or Run.objects.active().exists() else "next"


def _device(estimate: Estimate) -> str:
    return estimate.device.split(",")[0] if estimate.is_gpu else "this processor"
