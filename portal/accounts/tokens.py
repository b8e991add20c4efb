"""API tokens: made once, shown once, revoked at any time."""

from datetime import timedelta

from django.conf import settings

from portal.accounts.models import ApiToken, User

LONGEST_DAYS = 3650


def create(user: User, name: str = "", days: int | None = None) -> tuple[ApiToken, str]:
    """A new token and its text, which is never seen again: only its digest is stored.

    Args:
        days: until it expires; None takes the installation's default.
    """
    lifetime = settings.REST_KNOX["TOKEN_TTL"] if days is None else timedelta(days=days)
    token, text = ApiToken.objects.create(user, expiry=lifetime, name=name)
    return token, text


def revoke(user: User, token_id: object) -> bool:
    """Delete one of the user's own tokens. False if there is none of that id."""
    deleted, _ = ApiToken.objects.filter(user=user, id=token_id).delete()
    return bool(deleted)
