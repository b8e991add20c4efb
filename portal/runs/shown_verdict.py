"""The watchman's verdict as the page of a run shows it: with what was measured, and the clone that follows its advice."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from gan_core.config import TrainConfig
from portal.runs.models import Run, Status
from portal.runs.setting_fields import as_text


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    kind: str
    level: str
    title: str
    text: str
    evidence: list[dict[str, str]]
    clone: str
    """Address of the form of a clone that follows the advice; blank if no setting is to be changed."""

    @property
    def is_quiet(self) -> bool:
        return self.kind == "early"

    @property
    def is_pressing(self) -> bool:
        """What it rests on should be read without asking."""
        return self.level in ("warn", "bad")


def shown_verdict(run: Run) -> ShownVerdict | None:
    """None where the last verdict tells nothing (any more): beside the state's own note it must add to it."""
    given = run.verdict
    if not given or run.status == Status.QUEUED:
        return None
    kind = given.get("kind", "")
    if (kind == "early" and run.status != Status.RUNNING) or (run.status == Status.FAILED and kind != "diverged"):
        return None
    return ShownVerdict(kind, given["level"], given["title"], given["text"], given.get("evidence") or [], _clone(run, given.get("change")))


def _clone(run: Run, change: dict[str, Any] | None) -> str:
    if not change or change["setting"] not in TrainConfig.model_fields:
        return ""
    name = change["setting"]
    query = urlencode({"clone": run.pk, "set": f"{name}={as_text(change['to'])}"})
    return f"{reverse('runs:new')}?{query}#id_{name}"
