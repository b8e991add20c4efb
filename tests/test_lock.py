"""The locked versions are all that pip needs, on every Python that the project says it runs on."""

from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from scripts import lock

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2", "3.11.14"])
def test_what_an_older_python_needs_besides_is_locked_too(python: str) -> None:
    lines = [line for file in lock.FILES for line in (ROOT / file).read_text().splitlines() if line and not line.startswith("#")]
    locked = {canonicalize_name(line.partition("==")[0]) for line in lines}
    environment = {"python_full_version": python, "python_version": "3.11", "extra": ""}
    for name in locked:
        found = distribution(name)
        assert SpecifierSet(found.metadata.get("Requires-Python") or "").contains(python), name
        wanted = [one for one in map(Requirement, found.requires or []) if one.marker is None or one.marker.evaluate(environment)]
        assert {canonicalize_name(one.name) for one in wanted} <= locked, name
