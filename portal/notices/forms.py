"""Forms of the account page about being told."""

from typing import Any

from django import forms

from portal.accounts.models import User
from portal.notices import webhooks
from portal.notices.models import Webhook
from portal.notices.targets import LONGEST, Refused


class MailForm(forms.Form):
    mail = forms.ChoiceField(choices=User.Mail.choices)


class WebhookForm(forms.Form):
    """Valid when the webhook is added; `webhook` is it."""

    url = forms.CharField(
        label="Address",
        max_length=LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/ganvas", "autocomplete": "off"}),
        help_text="A program of yours that takes a POST.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.webhook: Webhook | None = None

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            self.webhook = webhooks.add(self.user, url)
        except (Refused, webhooks.NotNow) as error:
            raise forms.ValidationError(str(error)) from error
        return url
