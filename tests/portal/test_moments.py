"""Moments come back from the database as they went, in UTC, and from PostgreSQL without a call of Python for each."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection

from portal.postgres.base import MOMENT, UtcLoader
from portal.runs.models import Run
from tests import factories

MOMENTS = (datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC), datetime(1999, 12, 31, 0, 0, 0, 1, UTC), datetime(2400, 2, 29, tzinfo=UTC))


@pytest.mark.django_db
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_moments_come_back_as_they_went(moment: datetime) -> None:
    run = factories.make_run(factories.make_user("ada"), finished=moment)
    found = Run.objects.get(pk=run.pk).finished
    assert found == moment
    assert found.isoformat() == moment.isoformat()
    assert found.utcoffset() == timedelta(0)


@pytest.mark.django_db
def test_postgresql_reads_moments_with_compiled_code() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            assert cursor.connection.adapters.get_loader(MOMENT, psycopg.pq.Format.TEXT) is UtcLoader
    loaded = UtcLoader(MOMENT)
    assert not isinstance(loaded, UtcLoader)
    assert loaded.load(b"2026-02-28 23:59:59.999999+00") == MOMENTS[0]
