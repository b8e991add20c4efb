"""Writing down who is to be told of what. Sending is the workers' part, which may be later and elsewhere."""

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from portal import queue
from portal.accounts.models import User
from portal.notices.models import Delivery, Webhook

if TYPE_CHECKING:
    from portal.runs.models import Run

SCORE = ("step", "kid", "fd", "precision", "recall", "extractor", "samples")


def run_ended(run: "Run", reason: str, actor: Any) -> None:
    """Promise to tell its owner. Belongs into the transaction that ends the run: then it has ended if and only if this is promised."""
    event = Delivery.Event(f"run.{run.status}")
    targets: list[Webhook | None] = list(Webhook.objects.filter(owner=run.owner_id))
    if _by_mail(run, actor):
        targets.append(None)
    if targets:
        told = {"reason": reason, "actor": actor.username if actor else None, "run": _told(run)}
        Delivery.objects.bulk_create(Delivery(owner_id=run.owner_id, webhook=one, run=run, event=event, told=told) for one in targets)
        queue.deliver()


def _by_mail(run: "Run", actor: Any) -> bool:
    """Whether its owner wants a mail about this; nobody is told by mail what they have done themselves a moment ago."""
    when = User.objects.filter(pk=run.owner_id).values_list("mail_when", flat=True).first()
    if actor is not None and actor.pk == run.owner_id:
        return False
    return when == User.Mail.ALWAYS or (when == User.Mail.FAILURES and run.status != "completed")


def _told(run: "Run") -> dict[str, Any]:
    """The run as it is now, in the names of the REST API. Its address is added by the sender, who knows that of the installation."""
    score = run.scores.filter(step=run.best_step).values(*SCORE).first() if run.best_step is not None else None
    return {
        **{name: getattr(run, name) for name in ("name", "recipe", "status", "step", "total_steps", "best_step", "error")},
        **{"id": str(run.pk), "dataset": str(run.dataset_id)},
        **{name: _iso(getattr(run, name)) for name in ("created", "started", "finished")},
        "best_score": {name: _json(value) for name, value in score.items()} if score else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _json(value: Any) -> Any:
    """What is not finite becomes null, for JSON knows no NaN, and a run must not fail to end for that."""
    return None if isinstance(value, float) and not isfinite(value) else value
