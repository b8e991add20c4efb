"""`Authorization: Token <token>`: knox's digests, the date of last use, and how the schema describes it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from portal.accounts.models import ApiToken, User

RESOLUTION = timedelta(minutes=1)
"""`last_used` is at most this much behind, so that a busy program does not write with every call."""


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no type information
    """Looks a token up by its digest: one query, and nothing to compare in secret."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        digest = hash_token(token.decode("utf-8", errors="replace"))
        found = ApiToken.objects.select_related("user").filter(digest=digest).first()
        now = timezone.now()
        if found is None or (found.expiry is not None and found.expiry < now) or not found.user.is_active:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        if found.last_used is None or found.last_used < now - RESOLUTION:
            ApiToken.objects.filter(digest=digest).update(last_used=now)
        return found.user, found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's __init_subclass__
    target_class = "portal.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <token>`, from `POST auth/token/` or the account page.",
        }
