"""What the account page shows about being told that a run has ended."""

from typing import Any

from portal.accounts.models import User
from portal.notices import mails
from portal.notices.forms import WebhookForm
from portal.notices.models import Delivery, Webhook

SHOWN = 8
"""Deliveries."""


def card(user: Any) -> dict[str, Any]:
    """Context of templates/notices/card.html."""
    hooks = list(Webhook.objects.owned_by(user))
    deliveries = list(Delivery.objects.owned_by(user).select_related("webhook", "run").defer("told", "run__log_tail", "run__config")[:SHOWN])
    return {
        "mail_choices": User.Mail.choices,
        "mails_are_sent": mails.are_sent(),
        "mail_address": mails.address_of(user),
        "webhooks": hooks,
        "webhooks_full": len(hooks) >= Webhook.MOST,
        "most_webhooks": Webhook.MOST,
        "webhook_form": WebhookForm(user=user),
        "deliveries": deliveries,
        "is_sending": any(one.state == Delivery.State.WAITING and not one.attempts for one in deliveries),
    }
