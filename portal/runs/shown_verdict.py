"""The watchman's verdict as the page of a run shows it: with what was measured, and the clone that follows its advice."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from gan_core.config import TrainConfig
from portal.runs.models import Run, Status
from portal.runs.setting_fields import as_text, setting_words


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A setting that the verdict would change, in words."""

    title: str
    frm: str
    to: str
    address: str
    """The form of a clone with this change made."""


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    kind: str
    level: str
    title: str
    text: str
    evidence: list[dict[str, str]]
    change: ShownChange | None

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
    return ShownVerdict(kind, given["level"], given["title"], given["text"], given.get("evidence") or [], _change(run, given.get("change")))


def _change(run: Run, change: dict[str, Any] | None) -> ShownChange | None:
    if not change or change["setting"] not in TrainConfig.model_fields:
        return None
    name = change["setting"]
    query = urlencode({"clone": run.pk, "set": f"{name}={as_text(change['to'])}"})
    words = [setting_words(name, change[side]) for side in ("from", "to")]
    return ShownChange(change["title"], words[0], words[1], f"{reverse('runs:new')}?{query}#id_{name}")
