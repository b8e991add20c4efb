"""Sending what people are to be told: takes one delivery after another and writes down what came back.

Any number of these may work at the same time: each delivery is claimed. A webhook that has not taken one rests, longer each time, and all of its
owner's are left alone for the rest of the round: so what goes to nobody's server costs the others ten seconds of a round at most, however much
of it there is.
"""

import json
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings

from portal.notices import webhooks
from portal.notices.models import Delivery, Webhook
from worker.letters import run_url, send_letter
from worker.post import post
from worker.undelivered import Undelivered

log = logging.getLogger(__name__)

SECONDS = 20.0
"""Of a round. The reaper, who needs a thread, too, begins the next one."""
GONE = HTTPStatus.GONE
"""By which a receiver says that it wants nothing more."""


def deliver_due(stopping: Callable[[], bool] = lambda: False) -> None:
    """Send what is due, one after the other, until nothing is left or the round is over."""
    end = time.monotonic() + SECONDS
    silent: set[int] = set()
    mails = True
    while time.monotonic() < end and not stopping() and (delivery := Delivery.objects.claim(silent, mails)) is not None:
        if _deliver(delivery):
            continue
        if delivery.webhook is None:
            mails = False
        else:
            silent.add(delivery.owner_id)


def _deliver(delivery: Delivery) -> bool:
    try:
        answer = send_letter(delivery) if delivery.webhook is None else _call(delivery, delivery.webhook)
    except Undelivered as error:
        log.info("Delivery %s, try %s: %s", delivery.pk, delivery.attempts, error)
        delivery.failed(str(error), error.for_good)
        if delivery.webhook is not None:
            delivery.webhook.rest()
        return False
    except Exception:
        delivery.failed("Something broke here. It has been recorded.")
        raise
    delivery.succeeded(answer)
    if delivery.webhook is not None:
        delivery.webhook.answered()
    return True


def _call(delivery: Delivery, webhook: Webhook) -> str:
    body = json.dumps(message(delivery), separators=(",", ":")).encode()
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Ganvas/{settings.VERSION}",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhooks.signature(webhook.secret, str(delivery.pk), timestamp, body),
    }
    status = post(webhook.url, body, headers)
    answer = f"It answered {status} {_phrase(status)}".rstrip()
    if 200 <= status < 300:
        return f"{answer}."
    raise Undelivered(f"{answer}, which leads elsewhere. That is not followed." if 300 <= status < 400 else f"{answer}.", status == GONE)


def message(delivery: Delivery) -> dict[str, Any]:
    """What a webhook is sent; the same with every try."""
    told = delivery.told
    run = told["run"] and {**told["run"], "url": run_url(told["run"]["id"])}
    created = delivery.created.isoformat().replace("+00:00", "Z")
    return {"event": delivery.event, "id": str(delivery.pk), "created": created, "reason": told["reason"], "actor": told["actor"], "run": run}


def _phrase(status: int) -> str:
    """The standard's own words: what a stranger's server says is shown to nobody."""
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
