"""Django's PostgreSQL as this portal wants it: `base` is the backend."""


def has_ended(error: BaseException) -> bool:
    """Whether the server has ended a transaction whose process stopped for too long. Django calls that an internal error."""
    return getattr(error.__cause__, "sqlstate", None) == "25P03"
