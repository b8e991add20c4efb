"""What the installation decides about sign-up, and what allauth says in its name."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_taken": "This e-mail address belongs to another account.",
        "enter_current_password": "This is not your current password.",
        "too_many_login_attempts": "Too many attempts have failed. Try again later.",
        "username_password_mismatch": "The user name or the password is wrong.",
    }

    def is_open_for_signup(self, request: Any) -> bool:
        return bool(settings.GANVAS_SIGNUP)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Links lead to the installation's own address, by whatever name the request has reached it."""
        links = {name: f"{settings.PUBLIC_URL}{urlsplit(value).path}" for name, value in context.items() if name.endswith("_url")}
        super().send_mail(template_prefix, email, {**context, **links, "public_url": settings.PUBLIC_URL, "days": settings.MAIL_LINK_DAYS})
