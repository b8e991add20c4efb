"""Writes requirements*.txt: the versions installed here of everything pyproject.toml asks for, and of all that these need.

To upgrade: `.venv/bin/pip install -U NAME`, `make test`, `.venv/bin/python scripts/lock.py`. The files name no registry:
pip's own settings say where packages come from. They are made on, and for, Linux x86-64, with any Python from OLDEST to this one: what only
an older one needs has to be installed here as well.
"""

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OLDEST = "3.11.0"
FILES = {
    "requirements.txt": ("web", "What the web process, the broker and the supervisor need. No torch."),
    "requirements-train.txt": ("train", "What gan_core needs to train, by itself. A worker needs this and requirements.txt."),
    "requirements-test.txt": ("test", "What `make test` needs besides the other two."),
}


def needed(wanted: list[Requirement]) -> dict[str, str]:
    """Name -> installed version of `wanted` and everything below it. Raises PackageNotFoundError for what is not installed."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(requirement, extra) for requirement in wanted for extra in ("", *requirement.extras)]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found = distribution(name)
        versions[name] = found.version
        for child in map(Requirement, found.requires or []):
            if child.marker is None or any(child.marker.evaluate({"extra": extra, **python}) for python in ({}, {"python_full_version": OLDEST})):
                queue += [(child, below) for below in ("", *child.extras)]
    return versions


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"]
    for name, (group, purpose) in FILES.items():
        asked = groups[group] + (project["dependencies"] if group != "test" else [])
        lines = [f"{package}=={version}" for package, version in sorted(needed([Requirement(line) for line in asked]).items())]
        (ROOT / name).write_text("\n".join([f"# {purpose} Written by scripts/lock.py.", *lines, ""]))


if __name__ == "__main__":
    main()
