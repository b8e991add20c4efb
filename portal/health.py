"""Is the portal able to answer? For load balancers and the supervisor."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from portal import broker


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503. A broker that is down is said, but no page needs it."""
    found = state()
    return JsonResponse(found, status=200 if found["database"] else 503)


def state() -> dict[str, Any]:
    """What answers now: {"status": "ok" | "unavailable", "database", "broker", "version"}."""
    database = _database_answers()
    return {"status": "ok" if database else "unavailable", "database": database, "broker": _broker_answers(), "version": settings.VERSION}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        return bool(broker.client().ping())
    except RedisError:
        return False
