"""What the card of the account page does: mails, webhooks."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.accounts.views import account_page
from portal.notices import mails, webhooks
from portal.notices.forms import MailForm, WebhookForm
from portal.notices.models import Webhook


@login_required
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = MailForm(request.POST)
    try:
        if form.is_valid():
            mails.choose(user, User.Mail(form.cleaned_data["mail"]))
            messages.success(request, "Saved.")
    except mails.Unconfirmed as error:
        messages.error(request, str(error))
    return _back()


@login_required
@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add a webhook and show its secret on this answer, once."""
    user: Any = request.user
    form = WebhookForm(request.POST, user=user)
    if not form.is_valid():
        return account_page(request, webhook_form=form)
    return account_page(request, new_webhook=form.webhook)


@login_required
@require_POST
def remove(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    get_object_or_404(Webhook.objects.owned_by(request.user), pk=webhook_id).delete()
    messages.success(request, "The webhook is removed.")
    return _back()


@login_required
@require_POST
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = get_object_or_404(Webhook.objects.owned_by(request.user), pk=webhook_id)
    try:
        webhooks.test(webhook)
    except webhooks.NotNow as error:
        messages.warning(request, str(error))
    return _back()


def _back() -> HttpResponse:
    return redirect(f"{reverse('people:account')}#notices")
