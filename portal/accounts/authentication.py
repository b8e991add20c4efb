"""`Authorization: Token <token>`: knox's digests, and the date of last use."""

from knox.auth import TokenAuthentication as KnoxAuthentication


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no type information
    pass
