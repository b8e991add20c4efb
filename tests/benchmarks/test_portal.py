"""The portal benchmark's clock and tables."""

from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.urls import resolve

from benchmarks.portal import addresses, table
from tests.portal import addresses as tests_addresses

API_RUN = "api/v1/runs/<uuid:pk>/"
NOT_MEASURED = {
    *("health/", "welcome/", "api/schema/", "api/v1/datasets/<uuid:pk>/preview/"),
    *(API_RUN + file for file in ("artifacts/<int:artifact_id>/", "weights/", "card/")),
}
"""No page and no list."""

ANSWERS = {"alone": [12.0, 10.0, 11.0], "loaded": [float(value) for value in range(1, 101)], "failed": 0, "processor": 8.2}
RESULTS: dict[str, Any] = {
    "machine": {"processor": "P", "cores": 2, "python": "3.11.0", "date": "2026-01-02", "load": 0.1},
    "data": {
        "rows": {"Dataset": 2001, "Run": 20000, "LossPoint": 19990000, "Sample": 2000000},
        "sizes": {"users": 200},
        "bytes": 5.2e9,
        "seconds": 240.0,
        "postgresql": "PostgreSQL 15",
    },
    "pages": {"addresses": {"Home": ANSWERS, "Slow": {**ANSWERS, "loaded": [300.0]}}, "rate": 50.0, "core": 0.6, "memory_bytes": 2e8},
    "streams": {"on one run": {"watchers": 1000, "opening": 4.0, "delays": [5.0, 7.0, 900.0], "lost": 0, "core": 0.2, "memory_bytes": 3e8}},
    "recorders": {"runs": 200, "seconds": 60.0, "points": 120000, "expected": 120000, "sheets": 1200, "lags": [0.1, 0.5, 1.5], "late": 0.2},
}


@pytest.mark.parametrize(("share", "value"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1, 100.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert table.quantile(ANSWERS["loaded"], share) == value


def test_an_address_is_judged_by_its_95th_percentile() -> None:
    rows = table.pages(RESULTS).splitlines()
    assert "| Home | 11 | 8 | 50 | 95 | 100 | yes |" in rows
    assert "| Slow | 11 | 8 | 300 | 300 | 300 | no |" in rows


def test_every_table_has_its_place_on_the_real_page(tmp_path: Path) -> None:
    place = tmp_path / "page.md"
    place.write_text(table.PAGE.read_text())
    for _ in range(2):  # the second time over what the first one wrote
        table.write(RESULTS, place)
    page = place.read_text()
    for name in table.TABLES:
        assert f"<!-- {name} -->\n{table.TABLES[name](RESULTS)}\n<!-- end of {name} -->" in page


def test_every_page_and_list_is_measured() -> None:
    shown = {address.route for address in (*tests_addresses.PAGES, *tests_addresses.CALLS) if address.method == "get"}
    named: dict[str, Any] = defaultdict(lambda: UUID(int=0))
    asked = {resolve(urlsplit(address.path.format_map(named)).path).route for address in addresses.ALL}
    assert shown - asked == NOT_MEASURED
