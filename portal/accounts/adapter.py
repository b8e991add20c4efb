"""What the installation decides about sign-up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    def is_open_for_signup(self, request: Any) -> bool:
        return bool(settings.GANVAS_SIGNUP)
